-- Single-use tokens; expired ones are removed by a system job.
alter table gatehouse.one_time_tokens enable row level security;
alter table gatehouse.one_time_tokens force row level security;
revoke all on gatehouse.one_time_tokens from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.one_time_tokens to gatehouse_app;
grant select, delete on gatehouse.one_time_tokens to gatehouse_system;
-- Sealed again when the master key rotates.
grant update (payload_sealed) on gatehouse.one_time_tokens to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.one_time_tokens;
create policy entered_tenant on gatehouse.one_time_tokens for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists expired on gatehouse.one_time_tokens;
create policy expired on gatehouse.one_time_tokens for all to gatehouse_system
  using (true)
  with check (false);
drop policy if exists resealed on gatehouse.one_time_tokens;
create policy resealed on gatehouse.one_time_tokens for update to gatehouse_system
  using (true)
  with check (true);
grant select (tenant_id, address), delete on gatehouse.one_time_tokens to gatehouse_lookup;
-- Open while forget_address() runs, to its owner alone: rows of the one address.
drop policy if exists of_forgotten_address on gatehouse.one_time_tokens;
create policy of_forgotten_address on gatehouse.one_time_tokens for all to gatehouse_lookup
  using (address = decode(nullif(current_setting('gatehouse.forgotten_address', true), ''), 'hex'))
  with check (false);
