-- Who can hold a role in the tenant.
alter table gatehouse.principals enable row level security;
alter table gatehouse.principals force row level security;
revoke all on gatehouse.principals from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, delete on gatehouse.principals to gatehouse_app;
-- Not the columns that say which roles it has: those are the trigger's.
grant insert (tenant_id, id, kind, status, epoch, created_at), update (status, epoch) on gatehouse.principals to gatehouse_app;
grant select on gatehouse.principals to gatehouse_session;
grant select (tenant_id, id, kind, status) on gatehouse.principals to gatehouse_lookup;
grant select, update (role_names, own_role_ids, roles_until), delete on gatehouse.principals to gatehouse_granter;

drop policy if exists entered_tenant on gatehouse.principals;
create policy entered_tenant on gatehouse.principals for all to gatehouse_app, gatehouse_session
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
drop policy if exists granter_reads on gatehouse.principals;
create policy granter_reads on gatehouse.principals for select to gatehouse_granter
  using (true);
drop policy if exists of_ended_membership on gatehouse.principals;
create policy of_ended_membership on gatehouse.principals for delete to gatehouse_granter
  using (kind in ('member', 'service', 'api_key') and pg_trigger_depth() > 0);
drop policy if exists of_changed_assignment on gatehouse.principals;
create policy of_changed_assignment on gatehouse.principals for update to gatehouse_granter
  using (pg_trigger_depth() > 0);
-- delete_group(), which has judged it.
drop policy if exists of_deleted_group on gatehouse.principals;
create policy of_deleted_group on gatehouse.principals for delete to gatehouse_granter
  -- A CASE: triggers that work for no tenant delete members by the policy above.
  using (case when kind = 'group' then tenant_id = gatehouse.current_tenant() else false end);
-- Whether somebody's membership in another tenant stands: tenants_of_user().
drop policy if exists of_members on gatehouse.principals;
create policy of_members on gatehouse.principals for select to gatehouse_lookup
  using (kind = 'member');
