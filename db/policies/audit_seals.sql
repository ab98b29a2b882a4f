-- Appended by seal_audit_records() and by nothing else; nobody changes a seal.
alter table gatehouse.audit_seals enable row level security;
alter table gatehouse.audit_seals force row level security;
revoke all on gatehouse.audit_seals from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select on gatehouse.audit_seals to gatehouse_app;
grant insert on gatehouse.audit_seals to gatehouse_sealer;

drop policy if exists entered_tenant_reads on gatehouse.audit_seals;
create policy entered_tenant_reads on gatehouse.audit_seals for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists sealer on gatehouse.audit_seals;
create policy sealer on gatehouse.audit_seals for insert to gatehouse_sealer
  with check (true);
-- By remove_*() of db/migrations/0072_retention.sql alone, while they run, in the one tenant: what is older than it keeps it.
revoke all on gatehouse.audit_seals from gatehouse_retention;
grant select, delete on gatehouse.audit_seals to gatehouse_retention;
drop policy if exists retention_reads on gatehouse.audit_seals;
create policy retention_reads on gatehouse.audit_seals for select to gatehouse_retention
  using (true);
drop policy if exists retention_removes on gatehouse.audit_seals;
create policy retention_removes on gatehouse.audit_seals for delete to gatehouse_retention
  using (tenant_id = nullif(current_setting('gatehouse.retained_tenant', true), '')::uuid);
