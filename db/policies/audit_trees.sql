-- Written by seal_audit_records() and by nothing else. The job reads every tree that it is to let grow.
alter table gatehouse.audit_trees enable row level security;
alter table gatehouse.audit_trees force row level security;
revoke all on gatehouse.audit_trees from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select on gatehouse.audit_trees to gatehouse_app, gatehouse_system;
grant select, insert, update on gatehouse.audit_trees to gatehouse_sealer;

drop policy if exists entered_tenant_reads on gatehouse.audit_trees;
create policy entered_tenant_reads on gatehouse.audit_trees for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists sealing_job_reads on gatehouse.audit_trees;
create policy sealing_job_reads on gatehouse.audit_trees for select to gatehouse_system
  using (true);
drop policy if exists sealer on gatehouse.audit_trees;
create policy sealer on gatehouse.audit_trees for all to gatehouse_sealer
  using (true)
  with check (true);
