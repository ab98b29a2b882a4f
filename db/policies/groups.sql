-- Names and descriptions are the application's; that a group goes is decided by delete_group(), since its members lose its roles.
alter table gatehouse.groups enable row level security;
alter table gatehouse.groups force row level security;
revoke all on gatehouse.groups from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update (name, description, updated_at) on gatehouse.groups to gatehouse_app;
grant select on gatehouse.groups to gatehouse_granter;

drop policy if exists entered_tenant on gatehouse.groups;
create policy entered_tenant on gatehouse.groups for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_reads on gatehouse.groups;
create policy granter_reads on gatehouse.groups for select to gatehouse_granter
  using (true);
