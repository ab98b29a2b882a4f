-- As the roles that they belong to: written by the functions that hold the grant rule, and never on a built-in role or another tenant's.
alter table gatehouse.role_permissions enable row level security;
alter table gatehouse.role_permissions force row level security;
revoke all on gatehouse.role_permissions from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.role_permissions to gatehouse_app;
grant select on gatehouse.role_permissions to gatehouse_session;
grant select, insert, delete on gatehouse.role_permissions to gatehouse_granter;
grant select, insert, delete on gatehouse.role_permissions to gatehouse_owner;

drop policy if exists built_in_or_entered on gatehouse.role_permissions;
create policy built_in_or_entered on gatehouse.role_permissions for select to gatehouse_app, gatehouse_session
  using (gatehouse.current_tenant() = tenant_id or tenant_id is null);
-- A CASE: the migrator, who is a member of the granter, has entered no tenant.
drop policy if exists own_insert on gatehouse.role_permissions;
create policy own_insert on gatehouse.role_permissions for insert to gatehouse_granter
  with check (case when tenant_id is null then false else tenant_id = gatehouse.current_tenant() end
    and exists (select from gatehouse.roles r where r.id = role_id and r.tenant_id = role_permissions.tenant_id));
drop policy if exists own_delete on gatehouse.role_permissions;
create policy own_delete on gatehouse.role_permissions for delete to gatehouse_granter
  using (case when tenant_id is null then false else tenant_id = gatehouse.current_tenant() end);
drop policy if exists granter_reads on gatehouse.role_permissions;
create policy granter_reads on gatehouse.role_permissions for select to gatehouse_granter
  using (true);
drop policy if exists built_in_by_migrator on gatehouse.role_permissions;
create policy built_in_by_migrator on gatehouse.role_permissions for all to gatehouse_owner
  using (tenant_id is null)
  with check (tenant_id is null);
