-- First-party apps, relying parties, partner applications.
alter table gatehouse.clients enable row level security;
alter table gatehouse.clients force row level security;
revoke all on gatehouse.clients from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.clients to gatehouse_app;
grant select on gatehouse.clients to gatehouse_lookup;
grant select on gatehouse.clients to gatehouse_session;

drop policy if exists entered_tenant on gatehouse.clients;
create policy entered_tenant on gatehouse.clients for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists looked_up on gatehouse.clients;
create policy looked_up on gatehouse.clients for select to gatehouse_lookup, gatehouse_session
  using (true);
