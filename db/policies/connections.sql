-- Identity providers of the tenant.
alter table gatehouse.connections enable row level security;
alter table gatehouse.connections force row level security;
revoke all on gatehouse.connections from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.connections to gatehouse_app;
-- Before a tenant is known, and never the secret.
grant select (tenant_id, id, scope, kind, name, status) on gatehouse.connections to gatehouse_lookup;
-- Sealed again when the master key rotates, and nothing else of it.
grant select (tenant_id, id, secret_sealed), update (secret_sealed) on gatehouse.connections to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.connections;
create policy entered_tenant on gatehouse.connections for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists read_to_reseal on gatehouse.connections;
create policy read_to_reseal on gatehouse.connections for select to gatehouse_system
  using (true);
drop policy if exists resealed on gatehouse.connections;
create policy resealed on gatehouse.connections for update to gatehouse_system
  using (true)
  with check (true);
drop policy if exists looked_up on gatehouse.connections;
create policy looked_up on gatehouse.connections for select to gatehouse_lookup
  using (true);
