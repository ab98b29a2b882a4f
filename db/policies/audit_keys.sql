-- Belongs to the deployment.
alter table gatehouse.audit_keys enable row level security;
alter table gatehouse.audit_keys force row level security;
revoke all on gatehouse.audit_keys from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select, insert, update on gatehouse.audit_keys to gatehouse_system;

drop policy if exists deployment on gatehouse.audit_keys;
create policy deployment on gatehouse.audit_keys for all to gatehouse_system
  using (true)
  with check (true);
