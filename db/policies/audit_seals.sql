-- Appended by seal_audit_records() and by nothing else; nobody changes or removes a seal.
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
