-- Appended by whoever ends something; followed through revocations_after() alone; removed by a system job when no token that it
-- speaks of can live any more.
alter table gatehouse.revocations enable row level security;
alter table gatehouse.revocations force row level security;
revoke all on gatehouse.revocations from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant insert on gatehouse.revocations to gatehouse_app, gatehouse_granter;
grant select, insert on gatehouse.revocations to gatehouse_lookup;
grant select, delete on gatehouse.revocations to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.revocations;
create policy entered_tenant on gatehouse.revocations for insert to gatehouse_app
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists followers on gatehouse.revocations;
create policy followers on gatehouse.revocations for select to gatehouse_lookup
  using (true);
drop policy if exists expired on gatehouse.revocations;
create policy expired on gatehouse.revocations for all to gatehouse_system
  using (true)
  with check (false);
drop policy if exists of_ended_membership on gatehouse.revocations;
create policy of_ended_membership on gatehouse.revocations for insert to gatehouse_granter
  with check (kind in ('principal', 'api_key') and pg_trigger_depth() > 0);
-- Open while end_connection_sessions() runs, to its owner alone.
drop policy if exists of_ending_connection on gatehouse.revocations;
create policy of_ending_connection on gatehouse.revocations for insert to gatehouse_lookup
  with check (kind = 'session' and nullif(current_setting('gatehouse.ending_connection', true), '') is not null);
