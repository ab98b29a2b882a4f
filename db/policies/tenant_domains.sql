-- Domains that a tenant says are its own, with the proof. find_domain() reads the proved ones for all.
alter table gatehouse.tenant_domains enable row level security;
alter table gatehouse.tenant_domains force row level security;
revoke all on gatehouse.tenant_domains from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.tenant_domains to gatehouse_app;
grant select on gatehouse.tenant_domains to gatehouse_lookup;

drop policy if exists entered_tenant on gatehouse.tenant_domains;
create policy entered_tenant on gatehouse.tenant_domains for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
drop policy if exists looked_up on gatehouse.tenant_domains;
create policy looked_up on gatehouse.tenant_domains for select to gatehouse_lookup
  using (true);
