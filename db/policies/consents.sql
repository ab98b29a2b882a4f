-- Append-only: nobody holds UPDATE or DELETE.
alter table gatehouse.consents enable row level security;
alter table gatehouse.consents force row level security;
revoke all on gatehouse.consents from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter, gatehouse_sealer;
grant select, insert on gatehouse.consents to gatehouse_app;
drop policy if exists entered_tenant_reads on gatehouse.consents;
create policy entered_tenant_reads on gatehouse.consents for select to gatehouse_app
  using (tenant_id = gatehouse.current_tenant());
drop policy if exists appended on gatehouse.consents;
create policy appended on gatehouse.consents for insert to gatehouse_app
  with check (tenant_id = gatehouse.current_tenant());
