-- The statements that run before a tenant is known, or on the hottest paths. Each has a pinned search path and an owner
-- with just the policies that it needs; docs/security/rls-exceptions.md says why each exists.

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup, gatehouse_session, gatehouse_granter;

-- Which account does this address enter? Owner: gatehouse_lookup (SELECT on the tables named here, nothing else).
create function find_login(p_email_key text)
returns table (tenant_id uuid, user_id uuid, email text, user_status text, tenant_status text, credential_id uuid, secret_sealed text)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query
    select u.tenant_id, u.id, u.email, u.status, t.status, c.id, c.secret_sealed
    from gatehouse.login_identifiers i
    join gatehouse.users u on u.tenant_id = i.tenant_id and u.id = i.user_id
    join gatehouse.tenants t on t.id = u.tenant_id
    left join gatehouse.credentials c on c.tenant_id = u.tenant_id and c.user_id = u.id and c.kind = 'password'
    where i.email_key = p_email_key;
end $$;
alter function find_login(text) owner to gatehouse_lookup;

create function find_client(p_client_id text)
returns table (tenant_id uuid, id uuid, client_id text, token_mode text, origins text[], cookie_domain text, status text)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query
    select c.tenant_id, c.id, c.client_id, c.token_mode, c.origins, c.cookie_domain, c.status
    from gatehouse.clients c where c.client_id = p_client_id;
end $$;
alter function find_client(text) owner to gatehouse_lookup;

-- May somebody of `p_actor_tenant` enter `p_target` as its parent, and what state is it in?
create function find_tenant(p_target uuid)
returns table (id uuid, parent_id uuid, type text, status text, name text)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query select t.id, t.parent_id, t.type, t.status, t.name from gatehouse.tenants t where t.id = p_target;
end $$;
alter function find_tenant(uuid) owner to gatehouse_lookup;

-- The verdict on one sign-in attempt, after its hash was compared: one statement, so that parallel guesses cannot all be
-- counted as the first. A right password in a locked state is answered like a wrong one.
create function record_login_attempt(
  p_key bytea, p_attempt uuid, p_ok boolean, p_limit integer, p_lock interval, p_forget interval, p_now timestamptz)
returns table (verdict text, locked_until timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
  t record;
begin
  insert into gatehouse.login_throttles as l (key, failures, locked_until, locked_by, updated_at)
    select p_key, case when p_ok then 0 else 1 end, case when locks then p_now + p_lock end, case when locks then p_attempt end, p_now
      from (select not p_ok and p_limit <= 1 as locks) x
    on conflict (key) do update set (failures, locked_until, locked_by, updated_at) = (
      select case when held then l.failures when p_ok then 0 else failed end,
             case when held then l.locked_until when not p_ok and failed >= p_limit then p_now + p_lock end,
             case when held then l.locked_by when not p_ok and failed >= p_limit then p_attempt end,
             case when held then l.updated_at else p_now end
        from (select coalesce(l.locked_until > p_now, false) as held,
                     case when l.locked_until is not null or l.updated_at <= p_now - p_forget then 1 else l.failures + 1 end as failed) x)
    returning l.locked_until, l.locked_by into t;
  return query select case
      when t.locked_until is null then case when p_ok then 'accepted' else 'failed' end
      when t.locked_by = p_attempt then 'locked_now'
      else 'locked' end, t.locked_until;
end $$;
alter function record_login_attempt(bytea, uuid, boolean, integer, interval, interval, timestamptz) owner to gatehouse_session;

-- What a principal holds, as far as it counts in the entered tenant: held in that tenant, in the root tenant or in its parent.
create function held_permissions(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns setof text
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission from gatehouse.role_assignments a
    join gatehouse.principals p on p.tenant_id = a.tenant_id and p.id = a.principal_id and p.status = 'active'
    join gatehouse.role_permissions h on h.role_id = a.role_id
    where a.tenant_id = p_tenant and a.principal_id = p_principal and (a.expires_at is null or a.expires_at > p_now)
      and (p_tenant = gatehouse.current_tenant()
           or p_tenant = gatehouse.root_tenant()
           or exists (select from gatehouse.tenants t where t.id = gatehouse.current_tenant() and t.parent_id = p_tenant))
$$;
alter function held_permissions(uuid, uuid, timestamptz) owner to gatehouse_granter;

-- The only door into role_assignments. It refuses a role that holds a permission which the granter lacks, or holds for less
-- long (spec R2: who is an administrator for a day could otherwise make it for good, for themselves too), a role of another
-- tenant, and a root-only role outside the root tenant. A role that is held already gets the expiry asked for.
create function grant_role(
  p_id uuid, p_principal uuid, p_role uuid, p_granter_tenant uuid, p_granter uuid, p_via text, p_expires_at timestamptz, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  role record;
  inserted boolean;
begin
  -- One change of roles at a time in a tenant: two administrators who change each other wait, and do not deadlock.
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  select r.id, r.tenant_id, r.root_only into role from gatehouse.roles r where r.id = p_role and (r.tenant_id is null or r.tenant_id = target);
  if not found then
    return 'unknown_role';
  end if;
  if role.root_only and target <> gatehouse.root_tenant() then
    return 'root_only';
  end if;
  if not exists (select from gatehouse.principals p where p.tenant_id = target and p.id = p_principal) then
    return 'unknown_principal';
  end if;
  -- A granter of another tenant is not under the lock above: its assignments stay until this grant commits, so that no
  -- grant outlives its ground.
  perform 1 from gatehouse.role_assignments a where a.tenant_id = p_granter_tenant and a.principal_id = p_granter for share;
  if exists (
    select g.permission from gatehouse.role_permissions g where g.role_id = p_role
    except
    select gatehouse.held_permissions(p_granter_tenant, p_granter, p_now)
  ) then
    return 'exceeds_own';
  end if;
  -- What is held until a day can be given until that day; `>=` with a null, a grant for good, is met by no day at all.
  if exists (
    select g.permission from gatehouse.role_permissions g where g.role_id = p_role
    except
    select h.permission from gatehouse.role_assignments a
      join gatehouse.role_permissions h on h.role_id = a.role_id
      where a.tenant_id = p_granter_tenant and a.principal_id = p_granter
        and (a.expires_at is null or a.expires_at >= p_expires_at)
  ) then
    return 'outlasts_own';
  end if;
  insert into gatehouse.role_assignments as a (tenant_id, principal_id, role_id, id, via, granted_by, granted_by_tenant, expires_at, created_at)
    values (target, p_principal, p_role, p_id, p_via, p_granter, p_granter_tenant, p_expires_at, p_now)
    on conflict (tenant_id, principal_id, role_id) do update
      set expires_at = excluded.expires_at, via = excluded.via, granted_by = excluded.granted_by, granted_by_tenant = excluded.granted_by_tenant
      where a.expires_at is distinct from excluded.expires_at
    returning a.xmax = 0 into inserted;
  return case when not found then 'held' when inserted then 'granted' else 'changed' end;
end $$;
alter function grant_role(uuid, uuid, uuid, uuid, uuid, text, timestamptz, timestamptz) owner to gatehouse_granter;

-- Its counterpart and the only way out: nobody takes away a role that holds a permission which they lack.
create function revoke_role(p_assignment uuid, p_revoker_tenant uuid, p_revoker uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  revoked uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  select a.role_id into revoked from gatehouse.role_assignments a where a.tenant_id = target and a.id = p_assignment;
  if not found then
    return 'unknown_assignment';
  end if;
  perform 1 from gatehouse.role_assignments a where a.tenant_id = p_revoker_tenant and a.principal_id = p_revoker for share;
  if exists (
    select g.permission from gatehouse.role_permissions g where g.role_id = revoked
    except
    select gatehouse.held_permissions(p_revoker_tenant, p_revoker, p_now)
  ) then
    return 'exceeds_own';
  end if;
  delete from gatehouse.role_assignments a where a.tenant_id = target and a.id = p_assignment;
  return 'revoked';
end $$;
alter function revoke_role(uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- The first administrator of a tenant has nobody above: refused as soon as anybody else holds a role there.
create function grant_first_role(p_id uuid, p_principal uuid, p_role uuid, p_via text, p_now timestamptz)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  if exists (select from gatehouse.role_assignments a where a.tenant_id = target and a.principal_id <> p_principal) then
    return false;
  end if;
  insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at)
    select target, p_principal, r.id, p_id, p_via, p_now from gatehouse.roles r
    where r.id = p_role and r.tenant_id is null and (not r.root_only or target = gatehouse.root_tenant())
    on conflict (tenant_id, principal_id, role_id) do nothing;
  return found;
end $$;
alter function grant_first_role(uuid, uuid, uuid, text, timestamptz) owner to gatehouse_granter;

-- `gatehouse admin create`: whoever runs it holds the database's own keys. Only the system door reaches it. A role that
-- had an expiry is held without one afterwards.
create function grant_operator_role(p_id uuid, p_tenant uuid, p_principal uuid, p_role uuid, p_now timestamptz)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  insert into gatehouse.role_assignments as a (tenant_id, principal_id, role_id, id, via, created_at)
    select p_tenant, p_principal, r.id, p_id, 'bootstrap', p_now from gatehouse.roles r
    where r.id = p_role and r.tenant_id is null and (not r.root_only or p_tenant = gatehouse.root_tenant())
    on conflict (tenant_id, principal_id, role_id) do update
      set expires_at = null, via = excluded.via, granted_by = null, granted_by_tenant = null where a.expires_at is not null;
  return found;
end $$;
alter function grant_operator_role(uuid, uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- Keeps what principals say of their roles in step with role_assignments, in the transaction that changes them. The policy
-- `of_changed_assignment` opens those columns to this function and to nothing else.
create function keep_held_roles() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  a record := coalesce(new, old);
begin
  -- Whoever changes another assignment of this principal has committed when the lock is ours, and the next statement sees it.
  perform 1 from gatehouse.principals p where p.tenant_id = a.tenant_id and p.id = a.principal_id for no key update;
  update gatehouse.principals p set (role_names, own_role_ids, roles_until) = (
    select coalesce(array_agg(r.name order by r.name) filter (where r.tenant_id is null), '{}'),
           coalesce(array_agg(r.id order by r.id) filter (where r.tenant_id is not null), '{}'),
           min(h.expires_at)
    from gatehouse.role_assignments h join gatehouse.roles r on r.id = h.role_id
    where h.tenant_id = p.tenant_id and h.principal_id = p.id
      and (h.expires_at is null or h.expires_at > coalesce(nullif(current_setting('gatehouse.roles_as_of', true), '')::timestamptz, '-infinity')))
  where p.tenant_id = a.tenant_id and p.id = a.principal_id;
  return null;
end $$;
alter function keep_held_roles() owner to gatehouse_granter;
create trigger keep_held_roles after insert or update or delete on role_assignments
  for each row execute function keep_held_roles();

-- What ended is left out of the columns from then on; until then session checks read the assignments themselves. The trigger
-- fires for each, and knows no time but the one that it is told.
create function forget_ended_roles(p_now timestamptz) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  p record;
  forgotten integer := 0;
begin
  perform set_config('gatehouse.roles_as_of', p_now::text, true);
  for p in select x.tenant_id, x.id from gatehouse.principals x where x.roles_until <= p_now limit 1000 loop
    perform set_config('gatehouse.tenant_id', p.tenant_id::text, true);
    update gatehouse.role_assignments a set expires_at = a.expires_at
      where a.tenant_id = p.tenant_id and a.principal_id = p.id and a.expires_at <= p_now;
    forgotten := forgotten + 1;
  end loop;
  perform set_config('gatehouse.tenant_id', '', true);
  perform set_config('gatehouse.roles_as_of', '', true);
  return forgotten;
end $$;
alter function forget_ended_roles(timestamptz) owner to gatehouse_granter;

-- Ends every session of a client of the entered tenant, in whichever tenants its users are at home: a client of the root
-- tenant serves all of them. The policy `of_ending_client` opens those rows to this function and to nothing else.
create function end_client_sessions(p_client_id text, p_reason text, p_now timestamptz)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  ended integer;
begin
  if not exists (select from gatehouse.clients c where c.client_id = p_client_id and c.tenant_id = gatehouse.current_tenant()) then
    return 0;
  end if;
  -- A session that is just being opened holds the lock shared: it is there when this statement ends, or it comes later and finds
  -- no active client.
  perform pg_advisory_xact_lock(hashtextextended('sessions of client ' || p_client_id, 0));
  perform set_config('gatehouse.ending_client', p_client_id, true);
  update gatehouse.sessions x set ended_at = p_now, end_reason = p_reason, epoch = x.epoch + 1
    where x.client_id = p_client_id and x.ended_at is null;
  get diagnostics ended = row_count;
  perform set_config('gatehouse.ending_client', '', true);
  return ended;
end $$;
alter function end_client_sessions(text, text, timestamptz) owner to gatehouse_lookup;

-- A membership goes with its user, in other tenants too, and its principal with the roles goes with the membership. The policy
-- `of_ended_membership` lets the owner delete principals of members, and only where a trigger calls it.
create function drop_member_principal() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  delete from gatehouse.principals p where p.tenant_id = old.tenant_id and p.id = old.id and p.kind = 'member';
  return null;
end $$;
alter function drop_member_principal() owner to gatehouse_granter;
create trigger drop_member_principal after delete on memberships for each row execute function drop_member_principal();

revoke create on schema gatehouse from gatehouse_lookup, gatehouse_session, gatehouse_granter;
revoke execute on all functions in schema gatehouse from public;
grant execute on function find_login(text), find_client(text), find_tenant(uuid),
  record_login_attempt(bytea, uuid, boolean, integer, interval, interval, timestamptz) to gatehouse_login;
grant execute on function grant_role(uuid, uuid, uuid, uuid, uuid, text, timestamptz, timestamptz),
  revoke_role(uuid, uuid, uuid, timestamptz),
  grant_first_role(uuid, uuid, uuid, text, timestamptz),
  end_client_sessions(text, text, timestamptz) to gatehouse_app;
grant execute on function grant_operator_role(uuid, uuid, uuid, uuid, timestamptz), forget_ended_roles(timestamptz) to gatehouse_system;
grant execute on function no_tenant(), current_tenant(), actor_tenant(), subject_tenant(), root_tenant()
  to gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
