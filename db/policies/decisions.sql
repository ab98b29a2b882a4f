-- Appended in batches by the decision log; read by the tenant.
alter table gatehouse.decisions enable row level security;
alter table gatehouse.decisions force row level security;
revoke all on gatehouse.decisions from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.decisions to gatehouse_app;
grant insert on gatehouse.decisions to gatehouse_system;

drop policy if exists entered_tenant_reads on gatehouse.decisions;
create policy entered_tenant_reads on gatehouse.decisions for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists system_appends on gatehouse.decisions;
create policy system_appends on gatehouse.decisions for insert to gatehouse_system
  with check (true);
-- By remove_*() of db/migrations/0072_retention.sql alone, while they run, in the one tenant: what is older than it keeps it.
revoke all on gatehouse.decisions from gatehouse_retention;
grant select, delete on gatehouse.decisions to gatehouse_retention;
drop policy if exists retention_reads on gatehouse.decisions;
create policy retention_reads on gatehouse.decisions for select to gatehouse_retention
  using (true);
drop policy if exists retention_removes on gatehouse.decisions;
create policy retention_removes on gatehouse.decisions for delete to gatehouse_retention
  using (tenant_id = nullif(current_setting('gatehouse.retained_tenant', true), '')::uuid);
-- By ensure_partitions() alone, while it runs: what lies in the default partition, and belongs to the month that it makes.
drop policy if exists moved on gatehouse.decisions_rest;
create policy moved on gatehouse.decisions_rest for all to gatehouse_owner
  using (occurred_at >= nullif(current_setting('gatehouse.moved_from', true), '')::timestamptz
    and occurred_at < nullif(current_setting('gatehouse.moved_to', true), '')::timestamptz)
  with check (false);
