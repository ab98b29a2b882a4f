-- Sessions, in the home tenant of the user.
alter table gatehouse.sessions enable row level security;
alter table gatehouse.sessions force row level security;
revoke all on gatehouse.sessions from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.sessions to gatehouse_app;
grant select, update on gatehouse.sessions to gatehouse_session;
grant select, update (ended_at, end_reason, epoch) on gatehouse.sessions to gatehouse_lookup;
grant select, delete on gatehouse.sessions to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.sessions;
create policy entered_tenant on gatehouse.sessions for all to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists expired on gatehouse.sessions;
create policy expired on gatehouse.sessions for all to gatehouse_system
  using (true)
  with check (false);
-- Open while end_client_sessions() runs, to its owner alone: a client of the root tenant has sessions in every tenant. Not to
-- gatehouse_session: a second policy would be judged with each session check.
drop policy if exists of_ending_client on gatehouse.sessions;
create policy of_ending_client on gatehouse.sessions for all to gatehouse_lookup
  using (client_id = nullif(current_setting('gatehouse.ending_client', true), ''))
  with check (ended_at is not null and client_id = nullif(current_setting('gatehouse.ending_client', true), ''));
-- Open while end_guest_sessions() runs, likewise: guests of a tenant have their sessions at home.
drop policy if exists of_ending_guests on gatehouse.sessions;
create policy of_ending_guests on gatehouse.sessions for all to gatehouse_lookup
  using (active_tenant_id::text = nullif(current_setting('gatehouse.ending_guests_of', true), ''))
  with check (ended_at is not null and active_tenant_id::text = nullif(current_setting('gatehouse.ending_guests_of', true), ''));
-- Open while end_connection_sessions() runs, likewise: a connection of the platform has sessions in every tenant.
drop policy if exists of_ending_connection on gatehouse.sessions;
create policy of_ending_connection on gatehouse.sessions for all to gatehouse_lookup
  using (connection_id::text = nullif(current_setting('gatehouse.ending_connection', true), ''))
  with check (ended_at is not null and connection_id::text = nullif(current_setting('gatehouse.ending_connection', true), ''));
