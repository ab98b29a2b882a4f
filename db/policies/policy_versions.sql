-- Versions are added and read. They go with their policy, and nobody changes one.
alter table gatehouse.policy_versions enable row level security;
alter table gatehouse.policy_versions force row level security;
revoke all on gatehouse.policy_versions from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert on gatehouse.policy_versions to gatehouse_app;

drop policy if exists entered_tenant on gatehouse.policy_versions;
create policy entered_tenant on gatehouse.policy_versions for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
