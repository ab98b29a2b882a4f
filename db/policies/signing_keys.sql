-- Belongs to the deployment.
alter table gatehouse.signing_keys enable row level security;
alter table gatehouse.signing_keys force row level security;
revoke all on gatehouse.signing_keys from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.signing_keys to gatehouse_system;

drop policy if exists deployment on gatehouse.signing_keys;
create policy deployment on gatehouse.signing_keys for all to gatehouse_system
  using (true)
  with check (true);
