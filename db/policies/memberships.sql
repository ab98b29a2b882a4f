-- A tenant reads its memberships, never another tenant's users.
alter table gatehouse.memberships enable row level security;
alter table gatehouse.memberships force row level security;
revoke all on gatehouse.memberships from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.memberships to gatehouse_app;
grant select on gatehouse.memberships to gatehouse_session, gatehouse_lookup;
grant select (tenant_id, id, user_tenant_id, user_id) on gatehouse.memberships to gatehouse_granter;

drop policy if exists entered_tenant on gatehouse.memberships;
create policy entered_tenant on gatehouse.memberships for all to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
-- Which tenants the guests of a home tenant are in: revocations_after() tells those tenants what ended at home.
drop policy if exists of_guests on gatehouse.memberships;
create policy of_guests on gatehouse.memberships for select to gatehouse_lookup
  using (user_tenant_id <> tenant_id);
-- Of which user a granter is: held_permissions().
drop policy if exists granter_reads on gatehouse.memberships;
create policy granter_reads on gatehouse.memberships for select to gatehouse_granter
  using (true);
