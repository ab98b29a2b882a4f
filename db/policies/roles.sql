-- Built-in roles are read by all and written by the migrator alone.
alter table gatehouse.roles enable row level security;
alter table gatehouse.roles force row level security;
revoke all on gatehouse.roles from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.roles to gatehouse_app;
grant select on gatehouse.roles to gatehouse_session;
grant select on gatehouse.roles to gatehouse_granter;
grant select, insert, update on gatehouse.roles to gatehouse_owner;

drop policy if exists built_in_or_entered on gatehouse.roles;
create policy built_in_or_entered on gatehouse.roles for select to gatehouse_app, gatehouse_session
  using (gatehouse.current_tenant() = tenant_id or tenant_id is null);
drop policy if exists own_insert on gatehouse.roles;
create policy own_insert on gatehouse.roles for insert to gatehouse_app
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists own_update on gatehouse.roles;
create policy own_update on gatehouse.roles for update to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists own_delete on gatehouse.roles;
create policy own_delete on gatehouse.roles for delete to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_reads on gatehouse.roles;
create policy granter_reads on gatehouse.roles for select to gatehouse_granter
  using (true);
drop policy if exists built_in_by_migrator on gatehouse.roles;
create policy built_in_by_migrator on gatehouse.roles for all to gatehouse_owner
  using (tenant_id is null)
  with check (tenant_id is null);
