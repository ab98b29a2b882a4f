-- Appended by whoever ends something; read by followers.
alter table gatehouse.revocations enable row level security;
alter table gatehouse.revocations force row level security;
revoke all on gatehouse.revocations from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant insert on gatehouse.revocations to gatehouse_app;
grant select on gatehouse.revocations to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.revocations;
create policy entered_tenant on gatehouse.revocations for insert to gatehouse_app
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists followers on gatehouse.revocations;
create policy followers on gatehouse.revocations for select to gatehouse_system
  using (true);
