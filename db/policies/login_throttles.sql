-- Belongs to no tenant: counts addresses, known or not, through record_login_attempt(); administrators unlock.
alter table gatehouse.login_throttles enable row level security;
alter table gatehouse.login_throttles force row level security;
revoke all on gatehouse.login_throttles from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, delete on gatehouse.login_throttles to gatehouse_system;
grant select, insert, update on gatehouse.login_throttles to gatehouse_session;

drop policy if exists deployment on gatehouse.login_throttles;
create policy deployment on gatehouse.login_throttles for all to gatehouse_system, gatehouse_session
  using (true)
  with check (true);
