-- Open invitations; expired ones are removed by a system job.
alter table gatehouse.invitations enable row level security;
alter table gatehouse.invitations force row level security;
revoke all on gatehouse.invitations from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update, delete on gatehouse.invitations to gatehouse_app;
grant select (tenant_id, id, expires_at), delete on gatehouse.invitations to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.invitations;
create policy entered_tenant on gatehouse.invitations for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists expired on gatehouse.invitations;
create policy expired on gatehouse.invitations for all to gatehouse_system
  using (true)
  with check (false);

-- Open while forget_invitations() runs, to its owner alone: invitations of the one address, in whichever tenants.
grant select (tenant_id, id, email_key), delete on gatehouse.invitations to gatehouse_lookup;
drop policy if exists of_forgotten_address on gatehouse.invitations;
create policy of_forgotten_address on gatehouse.invitations for all to gatehouse_lookup
  using (email_key = nullif(current_setting('gatehouse.forgotten_email', true), ''))
  with check (false);
