-- Ids of SAML messages that were taken; expired ones are removed by a system job.
alter table gatehouse.saml_message_ids enable row level security;
alter table gatehouse.saml_message_ids force row level security;
revoke all on gatehouse.saml_message_ids from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
-- Taken, and given back by nobody.
grant select, insert on gatehouse.saml_message_ids to gatehouse_app;
grant select, delete on gatehouse.saml_message_ids to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.saml_message_ids;
create policy entered_tenant on gatehouse.saml_message_ids for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
drop policy if exists expired on gatehouse.saml_message_ids;
create policy expired on gatehouse.saml_message_ids for all to gatehouse_system
  using (true)
  with check (false);
