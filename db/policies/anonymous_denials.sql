-- Belongs to the deployment.
alter table gatehouse.anonymous_denials enable row level security;
alter table gatehouse.anonymous_denials force row level security;
revoke all on gatehouse.anonymous_denials from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update on gatehouse.anonymous_denials to gatehouse_system;

drop policy if exists deployment on gatehouse.anonymous_denials;
create policy deployment on gatehouse.anonymous_denials for all to gatehouse_system
  using (true)
  with check (true);
