-- People, in their home tenant.
alter table gatehouse.users enable row level security;
alter table gatehouse.users force row level security;
revoke all on gatehouse.users from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.users to gatehouse_app;
grant select on gatehouse.users to gatehouse_session;
grant select on gatehouse.users to gatehouse_lookup;
grant select (tenant_id, id, status) on gatehouse.users to gatehouse_granter;

drop policy if exists entered_tenant on gatehouse.users;
create policy entered_tenant on gatehouse.users for all to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists looked_up on gatehouse.users;
create policy looked_up on gatehouse.users for select to gatehouse_lookup
  using (true);
-- Whether a granter is suspended at home: held_permissions().
drop policy if exists granter_reads on gatehouse.users;
create policy granter_reads on gatehouse.users for select to gatehouse_granter
  using (true);
