-- Policies of the tenant; which version decides is a column of theirs.
alter table gatehouse.policies enable row level security;
alter table gatehouse.policies force row level security;
revoke all on gatehouse.policies from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, update (description, draft, revision, in_force, shadow, updated_at), delete on gatehouse.policies to gatehouse_app;

drop policy if exists entered_tenant on gatehouse.policies;
create policy entered_tenant on gatehouse.policies for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
