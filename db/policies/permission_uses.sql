-- Written by note_permission_uses() alone.
alter table gatehouse.permission_uses enable row level security;
alter table gatehouse.permission_uses force row level security;
revoke all on gatehouse.permission_uses from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.permission_uses to gatehouse_app;
grant select, insert, update (used_on) on gatehouse.permission_uses to gatehouse_granter;

drop policy if exists entered_tenant_reads on gatehouse.permission_uses;
create policy entered_tenant_reads on gatehouse.permission_uses for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists noting on gatehouse.permission_uses;
create policy noting on gatehouse.permission_uses for all to gatehouse_granter
  using (true)
  with check (true);
