-- Built-in roles are read by all and written by the migrator alone; a tenant's own only by create_role(), update_role() and delete_role().
alter table gatehouse.roles enable row level security;
alter table gatehouse.roles force row level security;
revoke all on gatehouse.roles from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.roles to gatehouse_app;
grant select on gatehouse.roles to gatehouse_session;
grant select, insert, update (title, description), delete on gatehouse.roles to gatehouse_granter;
grant select, insert, update on gatehouse.roles to gatehouse_owner;

drop policy if exists built_in_or_entered on gatehouse.roles;
create policy built_in_or_entered on gatehouse.roles for select to gatehouse_app, gatehouse_session
  using (gatehouse.current_tenant() = tenant_id or tenant_id is null);
-- A CASE: the migrator, who is a member of the granter, has entered no tenant.
drop policy if exists own_insert on gatehouse.roles;
create policy own_insert on gatehouse.roles for insert to gatehouse_granter
  with check (case when tenant_id is null then false else tenant_id = gatehouse.current_tenant() end);
drop policy if exists own_update on gatehouse.roles;
create policy own_update on gatehouse.roles for update to gatehouse_granter
  using (case when tenant_id is null then false else tenant_id = gatehouse.current_tenant() end)
  with check (case when tenant_id is null then false else tenant_id = gatehouse.current_tenant() end);
drop policy if exists own_delete on gatehouse.roles;
create policy own_delete on gatehouse.roles for delete to gatehouse_granter
  using (case when tenant_id is null then false else tenant_id = gatehouse.current_tenant() end);
drop policy if exists granter_reads on gatehouse.roles;
create policy granter_reads on gatehouse.roles for select to gatehouse_granter
  using (true);
drop policy if exists built_in_by_migrator on gatehouse.roles;
create policy built_in_by_migrator on gatehouse.roles for all to gatehouse_owner
  using (tenant_id is null)
  with check (tenant_id is null);
