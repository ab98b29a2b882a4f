-- The setting is the tenant's; how far records are gone is written by remove_audit_records() and by nothing else.
alter table gatehouse.audit_retention enable row level security;
alter table gatehouse.audit_retention force row level security;
revoke all on gatehouse.audit_retention from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer, gatehouse_retention;
grant select, insert (tenant_id, days, updated_at), update (days, updated_at) on gatehouse.audit_retention to gatehouse_app;
grant select on gatehouse.audit_retention to gatehouse_system;
grant select, update on gatehouse.audit_retention to gatehouse_retention;
drop policy if exists entered_tenant on gatehouse.audit_retention;
create policy entered_tenant on gatehouse.audit_retention for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists job_reads on gatehouse.audit_retention;
create policy job_reads on gatehouse.audit_retention for select to gatehouse_system
  using (true);
drop policy if exists removal on gatehouse.audit_retention;
create policy removal on gatehouse.audit_retention for all to gatehouse_retention
  using (true)
  with check (true);
