-- Filled by the trigger of audit_records, emptied by seal_audit_records(), by nothing else.
alter table gatehouse.audit_unsealed enable row level security;
alter table gatehouse.audit_unsealed force row level security;
revoke all on gatehouse.audit_unsealed from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select, insert, delete on gatehouse.audit_unsealed to gatehouse_sealer;

drop policy if exists sealer on gatehouse.audit_unsealed;
create policy sealer on gatehouse.audit_unsealed for all to gatehouse_sealer
  using (true)
  with check (true);
