-- Append-only, until a record is older than its tenant keeps it. An act from above is on record in the home tenant of the actor too.
alter table gatehouse.audit_records enable row level security;
alter table gatehouse.audit_records force row level security;
revoke all on gatehouse.audit_records from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select, insert on gatehouse.audit_records to gatehouse_app;
grant insert on gatehouse.audit_records to gatehouse_system;
grant select on gatehouse.audit_records to gatehouse_sealer;

drop policy if exists entered_tenant_reads on gatehouse.audit_records;
create policy entered_tenant_reads on gatehouse.audit_records for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists appended on gatehouse.audit_records;
create policy appended on gatehouse.audit_records for insert to gatehouse_app
  with check (tenant_id = gatehouse.current_tenant() or tenant_id = (select gatehouse.actor_tenant()));
drop policy if exists system_appends on gatehouse.audit_records;
create policy system_appends on gatehouse.audit_records for insert to gatehouse_system
  with check (true);
drop policy if exists sealer_reads on gatehouse.audit_records;
create policy sealer_reads on gatehouse.audit_records for select to gatehouse_sealer
  using (true);
-- By remove_*() of db/migrations/0072_retention.sql alone, while they run, in the one tenant: what is older than it keeps it.
revoke all on gatehouse.audit_records from gatehouse_retention;
grant select, delete on gatehouse.audit_records to gatehouse_retention;
drop policy if exists retention_reads on gatehouse.audit_records;
create policy retention_reads on gatehouse.audit_records for select to gatehouse_retention
  using (true);
drop policy if exists retention_removes on gatehouse.audit_records;
create policy retention_removes on gatehouse.audit_records for delete to gatehouse_retention
  using (tenant_id = nullif(current_setting('gatehouse.retained_tenant', true), '')::uuid);
-- By ensure_partitions() alone, while it runs: what lies in the default partition, and belongs to the month that it makes.
drop policy if exists moved on gatehouse.audit_records_rest;
create policy moved on gatehouse.audit_records_rest for all to gatehouse_owner
  using (occurred_at >= nullif(current_setting('gatehouse.moved_from', true), '')::timestamptz
    and occurred_at < nullif(current_setting('gatehouse.moved_to', true), '')::timestamptz)
  with check (false);
