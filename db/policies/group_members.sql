-- Read by the application and by session checks; written only by add_group_member() and its sisters.
alter table gatehouse.group_members enable row level security;
alter table gatehouse.group_members force row level security;
revoke all on gatehouse.group_members from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.group_members to gatehouse_app, gatehouse_session;
grant select, insert, delete on gatehouse.group_members to gatehouse_granter;

drop policy if exists entered_tenant_reads on gatehouse.group_members;
create policy entered_tenant_reads on gatehouse.group_members for select to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_reads on gatehouse.group_members;
create policy granter_reads on gatehouse.group_members for select to gatehouse_granter
  using (true);
drop policy if exists granter_writes on gatehouse.group_members;
create policy granter_writes on gatehouse.group_members for insert to gatehouse_granter
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_removes on gatehouse.group_members;
create policy granter_removes on gatehouse.group_members for delete to gatehouse_granter
  using (tenant_id = gatehouse.current_tenant());
