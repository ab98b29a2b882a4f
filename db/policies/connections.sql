-- Identity providers of the tenant.
alter table gatehouse.connections enable row level security;
alter table gatehouse.connections force row level security;
revoke all on gatehouse.connections from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.connections to gatehouse_app;

drop policy if exists entered_tenant on gatehouse.connections;
create policy entered_tenant on gatehouse.connections for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
