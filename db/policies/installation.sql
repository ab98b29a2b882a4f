-- Belongs to the deployment.
alter table gatehouse.installation enable row level security;
alter table gatehouse.installation force row level security;
revoke all on gatehouse.installation from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update on gatehouse.installation to gatehouse_system;

drop policy if exists deployment on gatehouse.installation;
create policy deployment on gatehouse.installation for all to gatehouse_system
  using (true)
  with check (true);
