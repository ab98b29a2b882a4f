-- Invitations that were accepted or taken back; removed by a system job.
alter table gatehouse.closed_invitations enable row level security;
alter table gatehouse.closed_invitations force row level security;
revoke all on gatehouse.closed_invitations from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert on gatehouse.closed_invitations to gatehouse_app;
grant select (tenant_id, id, closed_at), delete on gatehouse.closed_invitations to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.closed_invitations;
create policy entered_tenant on gatehouse.closed_invitations for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists over on gatehouse.closed_invitations;
create policy over on gatehouse.closed_invitations for all to gatehouse_system
  using (true)
  with check (false);

-- Open while forget_invitations() runs, to its owner alone: those of the one address, and those that the one user accepted.
grant select (tenant_id, id, email_key, accepted_by), delete on gatehouse.closed_invitations to gatehouse_lookup;
drop policy if exists of_forgotten_person on gatehouse.closed_invitations;
create policy of_forgotten_person on gatehouse.closed_invitations for all to gatehouse_lookup
  using (email_key = nullif(current_setting('gatehouse.forgotten_email', true), '')
    or accepted_by::text = split_part(current_setting('gatehouse.forgotten_user', true), ' ', 2))
  with check (false);
