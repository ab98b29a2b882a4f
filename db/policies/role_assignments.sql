-- Read by the application; written and removed only by grant_role(), revoke_role() and their sisters.
alter table gatehouse.role_assignments enable row level security;
alter table gatehouse.role_assignments force row level security;
revoke all on gatehouse.role_assignments from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.role_assignments to gatehouse_app;
grant select on gatehouse.role_assignments to gatehouse_session;
grant select, insert, delete on gatehouse.role_assignments to gatehouse_granter;
grant update (expires_at, via, granted_by, granted_by_tenant, connection_id) on gatehouse.role_assignments to gatehouse_granter;

drop policy if exists entered_tenant_reads on gatehouse.role_assignments;
create policy entered_tenant_reads on gatehouse.role_assignments for select to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_reads on gatehouse.role_assignments;
create policy granter_reads on gatehouse.role_assignments for select to gatehouse_granter
  using (true);
drop policy if exists granter_locks on gatehouse.role_assignments;
create policy granter_locks on gatehouse.role_assignments for update to gatehouse_granter
  using (true)
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_writes on gatehouse.role_assignments;
create policy granter_writes on gatehouse.role_assignments for insert to gatehouse_granter
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_removes on gatehouse.role_assignments;
create policy granter_removes on gatehouse.role_assignments for delete to gatehouse_granter
  using (tenant_id = gatehouse.current_tenant());
