-- Which service may call which.
alter table gatehouse.service_calls enable row level security;
alter table gatehouse.service_calls force row level security;
revoke all on gatehouse.service_calls from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, delete on gatehouse.service_calls to gatehouse_app;

drop policy if exists entered_tenant on gatehouse.service_calls;
create policy entered_tenant on gatehouse.service_calls for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
