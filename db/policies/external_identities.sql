-- Keyed by tenant, connection, issuer and subject: never by an address.
alter table gatehouse.external_identities enable row level security;
alter table gatehouse.external_identities force row level security;
revoke all on gatehouse.external_identities from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.external_identities to gatehouse_app;
grant select on gatehouse.external_identities to gatehouse_lookup;

drop policy if exists entered_tenant on gatehouse.external_identities;
create policy entered_tenant on gatehouse.external_identities for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists looked_up on gatehouse.external_identities;
create policy looked_up on gatehouse.external_identities for select to gatehouse_lookup
  using (true);
