-- Appended by seal_audit_records() and by nothing else.
alter table gatehouse.audit_subtrees enable row level security;
alter table gatehouse.audit_subtrees force row level security;
revoke all on gatehouse.audit_subtrees from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select on gatehouse.audit_subtrees to gatehouse_app;
grant insert on gatehouse.audit_subtrees to gatehouse_sealer;

drop policy if exists entered_tenant_reads on gatehouse.audit_subtrees;
create policy entered_tenant_reads on gatehouse.audit_subtrees for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists sealer on gatehouse.audit_subtrees;
create policy sealer on gatehouse.audit_subtrees for insert to gatehouse_sealer
  with check (true);
