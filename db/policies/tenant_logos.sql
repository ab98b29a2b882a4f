-- The logo of a tenant, as this server drew it. Shown to everybody through find_logo() and find_branding() alone.
alter table gatehouse.tenant_logos enable row level security;
alter table gatehouse.tenant_logos force row level security;
revoke all on gatehouse.tenant_logos from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.tenant_logos to gatehouse_app;
grant select on gatehouse.tenant_logos to gatehouse_lookup;

drop policy if exists entered_tenant on gatehouse.tenant_logos;
create policy entered_tenant on gatehouse.tenant_logos for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
drop policy if exists looked_up on gatehouse.tenant_logos;
create policy looked_up on gatehouse.tenant_logos for select to gatehouse_lookup
  using (true);
