-- Secrets of services: their hashes. The token endpoint reads them through find_service().
alter table gatehouse.client_secrets enable row level security;
alter table gatehouse.client_secrets force row level security;
revoke all on gatehouse.client_secrets from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, delete on gatehouse.client_secrets to gatehouse_app;

drop policy if exists entered_tenant on gatehouse.client_secrets;
create policy entered_tenant on gatehouse.client_secrets for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
grant update (expires_at) on gatehouse.client_secrets to gatehouse_app;
grant select on gatehouse.client_secrets to gatehouse_lookup;
drop policy if exists looked_up on gatehouse.client_secrets;
create policy looked_up on gatehouse.client_secrets for select to gatehouse_lookup
  using (true);
