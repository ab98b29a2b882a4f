-- Belongs to no tenant: counters by client address.
alter table gatehouse.rate_limits enable row level security;
alter table gatehouse.rate_limits force row level security;
revoke all on gatehouse.rate_limits from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.rate_limits to gatehouse_system;

drop policy if exists deployment on gatehouse.rate_limits;
create policy deployment on gatehouse.rate_limits for all to gatehouse_system
  using (true)
  with check (true);
