-- What the root tenant's services registered counts in every tenant. Written only by register_catalog().
alter table gatehouse.catalog_permissions enable row level security;
alter table gatehouse.catalog_permissions force row level security;
revoke all on gatehouse.catalog_permissions from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select on gatehouse.catalog_permissions to gatehouse_app, gatehouse_session;
grant select, insert, delete on gatehouse.catalog_permissions to gatehouse_granter;

drop policy if exists entered_or_root on gatehouse.catalog_permissions;
create policy entered_or_root on gatehouse.catalog_permissions for select to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant() or tenant_id = gatehouse.root_tenant());
drop policy if exists granter_reads on gatehouse.catalog_permissions;
create policy granter_reads on gatehouse.catalog_permissions for select to gatehouse_granter
  using (true);
drop policy if exists granter_writes on gatehouse.catalog_permissions;
create policy granter_writes on gatehouse.catalog_permissions for insert to gatehouse_granter
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_removes on gatehouse.catalog_permissions;
create policy granter_removes on gatehouse.catalog_permissions for delete to gatehouse_granter
  using (tenant_id = gatehouse.current_tenant());
