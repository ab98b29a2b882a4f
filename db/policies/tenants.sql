-- A tenant sees itself and those below it; the root tenant sees all. New ones are made below the entered tenant: partners by
-- the root tenant only.
alter table gatehouse.tenants enable row level security;
alter table gatehouse.tenants force row level security;
revoke all on gatehouse.tenants from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert on gatehouse.tenants to gatehouse_app;
-- Neither what a tenant is nor whose it is: nobody moves a tenant below another one.
grant update (status, name, slug, epoch, settings, settings_version, updated_at) on gatehouse.tenants to gatehouse_app;
grant select on gatehouse.tenants to gatehouse_session;
grant select on gatehouse.tenants to gatehouse_lookup;
grant select on gatehouse.tenants to gatehouse_granter;
grant select, insert on gatehouse.tenants to gatehouse_system;

drop policy if exists entered_or_below on gatehouse.tenants;
create policy entered_or_below on gatehouse.tenants for select to gatehouse_app, gatehouse_session
  using (id = gatehouse.current_tenant() or parent_id = gatehouse.current_tenant() or gatehouse.current_tenant() = gatehouse.root_tenant());
drop policy if exists made_below on gatehouse.tenants;
create policy made_below on gatehouse.tenants for insert to gatehouse_app
  with check (parent_id = gatehouse.current_tenant()
    and (type = 'customer' or (type = 'partner' and gatehouse.current_tenant() = gatehouse.root_tenant())));
drop policy if exists changed_entered_or_below on gatehouse.tenants;
create policy changed_entered_or_below on gatehouse.tenants for update to gatehouse_app
  using (id = gatehouse.current_tenant() or parent_id = gatehouse.current_tenant() or gatehouse.current_tenant() = gatehouse.root_tenant())
  with check (id = gatehouse.current_tenant() or parent_id = gatehouse.current_tenant() or gatehouse.current_tenant() = gatehouse.root_tenant());
drop policy if exists looked_up on gatehouse.tenants;
create policy looked_up on gatehouse.tenants for select to gatehouse_lookup, gatehouse_granter, gatehouse_system
  using (true);
drop policy if exists root_made_at_first_start on gatehouse.tenants;
create policy root_made_at_first_start on gatehouse.tenants for insert to gatehouse_system
  with check (id = gatehouse.root_tenant());
