-- Belongs to the deployment: written by whoever migrates, sealed again when the master key rotates.
alter table gatehouse.login_role enable row level security;
alter table gatehouse.login_role force row level security;
revoke all on gatehouse.login_role from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, update (password_sealed) on gatehouse.login_role to gatehouse_system;

drop policy if exists deployment on gatehouse.login_role;
create policy deployment on gatehouse.login_role for all to gatehouse_system
  using (true)
  with check (true);
drop policy if exists migrating on gatehouse.login_role;
create policy migrating on gatehouse.login_role for all to gatehouse_owner
  using (true)
  with check (true);
