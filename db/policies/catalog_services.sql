-- What the root tenant's services registered counts in every tenant. Written only by register_catalog().
alter table gatehouse.catalog_services enable row level security;
alter table gatehouse.catalog_services force row level security;
revoke all on gatehouse.catalog_services from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.catalog_services to gatehouse_app, gatehouse_session;
grant select, insert, update, delete on gatehouse.catalog_services to gatehouse_granter;

drop policy if exists entered_or_root on gatehouse.catalog_services;
create policy entered_or_root on gatehouse.catalog_services for select to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant() or tenant_id = gatehouse.root_tenant());
drop policy if exists granter_reads on gatehouse.catalog_services;
create policy granter_reads on gatehouse.catalog_services for select to gatehouse_granter
  using (true);
drop policy if exists granter_writes on gatehouse.catalog_services;
create policy granter_writes on gatehouse.catalog_services for insert to gatehouse_granter
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_changes on gatehouse.catalog_services;
create policy granter_changes on gatehouse.catalog_services for update to gatehouse_granter
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_removes on gatehouse.catalog_services;
create policy granter_removes on gatehouse.catalog_services for delete to gatehouse_granter
  using (tenant_id = gatehouse.current_tenant());
