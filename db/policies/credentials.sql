-- Sealed secrets.
alter table gatehouse.credentials enable row level security;
alter table gatehouse.credentials force row level security;
revoke all on gatehouse.credentials from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.credentials to gatehouse_app;
grant select on gatehouse.credentials to gatehouse_lookup;
-- Sealed again when the master key rotates, and nothing else of it.
grant select (tenant_id, id, user_id, kind, secret_sealed), update (secret_sealed) on gatehouse.credentials to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.credentials;
create policy entered_tenant on gatehouse.credentials for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists looked_up on gatehouse.credentials;
create policy looked_up on gatehouse.credentials for select to gatehouse_lookup
  using (true);
drop policy if exists read_to_reseal on gatehouse.credentials;
create policy read_to_reseal on gatehouse.credentials for select to gatehouse_system
  using (true);
drop policy if exists resealed on gatehouse.credentials;
create policy resealed on gatehouse.credentials for update to gatehouse_system
  using (true)
  with check (true);
