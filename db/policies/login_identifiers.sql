-- Unique over all tenants, so the application may write its own and read none: find_login() reads.
alter table gatehouse.login_identifiers enable row level security;
alter table gatehouse.login_identifiers force row level security;
revoke all on gatehouse.login_identifiers from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, delete on gatehouse.login_identifiers to gatehouse_app;
grant select on gatehouse.login_identifiers to gatehouse_lookup;

drop policy if exists entered_tenant on gatehouse.login_identifiers;
create policy entered_tenant on gatehouse.login_identifiers for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists looked_up on gatehouse.login_identifiers;
create policy looked_up on gatehouse.login_identifiers for select to gatehouse_lookup
  using (true);
