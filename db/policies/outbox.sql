-- Written with the act that it tells of; delivered by the dispatcher.
alter table gatehouse.outbox enable row level security;
alter table gatehouse.outbox force row level security;
revoke all on gatehouse.outbox from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant insert on gatehouse.outbox to gatehouse_app;
-- What became of a mail, and nothing of what it says or to whom.
grant select (tenant_id, id, delivered_at, failed_at) on gatehouse.outbox to gatehouse_app;
grant select, update, delete on gatehouse.outbox to gatehouse_system;
grant insert on gatehouse.outbox to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.outbox;
create policy entered_tenant on gatehouse.outbox for insert to gatehouse_app
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists entered_tenant_reads on gatehouse.outbox;
create policy entered_tenant_reads on gatehouse.outbox for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists dispatcher on gatehouse.outbox;
create policy dispatcher on gatehouse.outbox for all to gatehouse_system
  using (true)
  with check (true);
grant select (tenant_id, address), delete on gatehouse.outbox to gatehouse_lookup;
-- Open while forget_address() runs, to its owner alone: rows of the one address.
drop policy if exists of_forgotten_address on gatehouse.outbox;
create policy of_forgotten_address on gatehouse.outbox for all to gatehouse_lookup
  using (address = decode(nullif(current_setting('gatehouse.forgotten_address', true), ''), 'hex'))
  with check (false);
