-- Browsers that are asked for no second factor; expired ones are removed by a system job.
alter table gatehouse.remembered_devices enable row level security;
alter table gatehouse.remembered_devices force row level security;
revoke all on gatehouse.remembered_devices from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, delete on gatehouse.remembered_devices to gatehouse_app;
grant select, delete on gatehouse.remembered_devices to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.remembered_devices;
create policy entered_tenant on gatehouse.remembered_devices for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
drop policy if exists expired on gatehouse.remembered_devices;
create policy expired on gatehouse.remembered_devices for all to gatehouse_system
  using (true)
  with check (false);
