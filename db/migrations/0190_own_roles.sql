-- Roles of a tenant's own are written by functions that hold the grant rule, as assignments are
-- (docs/adr/0083-groups-are-principals.md tells the rule as a whole).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter, gatehouse_lookup;

-- Immutable, and never to be taken for a built-in one.
alter table roles add constraint roles_own_name check (tenant_id is null or name ~ '^[a-z][a-z0-9_-]{1,62}$');

-- `access`: what roles hold, the catalog or the policies of a tenant changed. It ends nothing; whoever decides by a copy gets a new one.
alter table revocations drop constraint revocations_kind_check;
alter table revocations add constraint revocations_kind_check
  check (kind in ('session', 'user', 'principal', 'tenant', 'client', 'settings', 'access'));

-- The log as this release reads it: `revocations_after` under a name of its own, since the release before describes no kinds but those
-- that it knows. What changed in the root tenant's catalog concerns every tenant.
create function revocation_log(p_xid xid8, p_seq bigint, p_tenant uuid, p_limit integer)
returns table (
  horizon text, newest text, read_at timestamptz, xid text, seq bigint, tenant_id uuid, kind text, subject_id uuid, user_id uuid,
  client_id text, created_at timestamptz, seen_by uuid[])
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select pg_snapshot_xmin(s.now)::text, pg_snapshot_xmax(s.now)::text, clock_timestamp(),
         r.xid::text, r.seq, r.tenant_id, r.kind, r.subject_id, r.user_id, r.client_id, r.created_at,
         array(select m.tenant_id from gatehouse.memberships m where m.user_tenant_id = r.tenant_id and m.tenant_id <> r.tenant_id
           and (r.kind = 'tenant' or m.user_id = r.user_id))
  from (select pg_current_snapshot() as now) s
  left join lateral (
    select x.* from gatehouse.revocations x
    where (x.xid, x.seq) > (p_xid, p_seq)
      and (p_tenant is null or (x.kind <> 'settings' and (x.tenant_id = p_tenant
        or (x.kind in ('client', 'access') and x.tenant_id = gatehouse.root_tenant())
        or exists (select from gatehouse.memberships m where m.user_tenant_id = x.tenant_id and m.tenant_id = p_tenant
          and (x.kind = 'tenant' or m.user_id = x.user_id)))))
    order by x.xid, x.seq
    limit p_limit) r on true
  order by r.xid, r.seq
$$;
alter function revocation_log(xid8, bigint, uuid, integer) owner to gatehouse_lookup;
create or replace function revocations_after(p_xid xid8, p_seq bigint, p_tenant uuid, p_limit integer)
returns table (
  horizon text, newest text, read_at timestamptz, xid text, seq bigint, tenant_id uuid, kind text, subject_id uuid, user_id uuid,
  client_id text, created_at timestamptz, seen_by uuid[])
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select pg_snapshot_xmin(s.now)::text, pg_snapshot_xmax(s.now)::text, clock_timestamp(),
         r.xid::text, r.seq, r.tenant_id, r.kind, r.subject_id, r.user_id, r.client_id, r.created_at,
         array(select m.tenant_id from gatehouse.memberships m where m.user_tenant_id = r.tenant_id and m.tenant_id <> r.tenant_id
           and (r.kind = 'tenant' or m.user_id = r.user_id))
  from (select pg_current_snapshot() as now) s
  left join lateral (
    select x.* from gatehouse.revocations x
    where (x.xid, x.seq) > (p_xid, p_seq) and x.kind in ('session', 'user', 'principal', 'tenant', 'client', 'settings')
      and (p_tenant is null or (x.kind <> 'settings' and (x.tenant_id = p_tenant or (x.kind = 'client' and x.tenant_id = gatehouse.root_tenant())
        or exists (select from gatehouse.memberships m where m.user_tenant_id = x.tenant_id and m.tenant_id = p_tenant
          and (x.kind = 'tenant' or m.user_id = x.user_id)))))
    order by x.xid, x.seq
    limit p_limit) r on true
  order by r.xid, r.seq
$$;

-- What a role holds in a tenant.
create function permissions_of_role(p_role uuid, p_tenant uuid) returns setof text
language sql stable set search_path = pg_catalog, gatehouse as $$
  select g.permission from gatehouse.role_permissions g where g.role_id = p_role
$$;
alter function permissions_of_role(uuid, uuid) owner to gatehouse_granter;

-- What a principal holds, as far as it counts in the entered tenant, and until when: the one place that says so.
create function held_until(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns table (permission text, until timestamptz)
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission, max(coalesce(a.expires_at, 'infinity')) from gatehouse.role_assignments a
    join gatehouse.principals p on p.tenant_id = a.tenant_id and p.id = a.principal_id and p.status = 'active'
    join gatehouse.role_permissions h on h.role_id = a.role_id
    where a.tenant_id = p_tenant and a.principal_id = p_principal and (a.expires_at is null or a.expires_at > p_now)
      and (p.kind <> 'member' or exists (
        select from gatehouse.memberships m
          join gatehouse.users u on u.tenant_id = m.user_tenant_id and u.id = m.user_id
          join gatehouse.tenants home on home.id = u.tenant_id and home.status = 'active'
          where m.tenant_id = p.tenant_id and m.id = p.id and u.status = 'active'))
      and exists (select from gatehouse.tenants giver where giver.id = p_tenant and giver.status = 'active')
      and (p_tenant = gatehouse.current_tenant()
           or p_tenant = gatehouse.root_tenant()
           or exists (select from gatehouse.tenants t where t.id = gatehouse.current_tenant() and t.parent_id = p_tenant))
    group by h.permission
$$;
alter function held_until(uuid, uuid, timestamptz) owner to gatehouse_granter;

create or replace function held_permissions(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns setof text
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission from gatehouse.held_until(p_tenant, p_principal, p_now) h
$$;

-- The grant rule (spec R2, threat 72): why somebody cannot let these permissions be held until then; null when they can. What is held
-- for good has no end: `infinity`.
create function judge_grant(p_permissions text[], p_until timestamptz, p_granter_tenant uuid, p_granter uuid, p_now timestamptz)
returns text
language plpgsql stable set search_path = pg_catalog, gatehouse as $$
begin
  if exists (
    select unnest(p_permissions)
    except
    select h.permission from gatehouse.held_until(p_granter_tenant, p_granter, p_now) h
  ) then
    return 'exceeds_own';
  end if;
  if exists (
    select unnest(p_permissions)
    except
    select h.permission from gatehouse.held_until(p_granter_tenant, p_granter, p_now) h
      where h.until >= coalesce(p_until, 'infinity')
  ) then
    return 'outlasts_own';
  end if;
  return null;
end $$;
alter function judge_grant(text[], timestamptz, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- Changes of roles in the entered tenant happen one at a time. Somebody of a tenant above acts by what they hold there: that stays as
-- it is until this commits, so that no grant outlives its ground. Always the lower tenant first, so that nobody waits in a circle.
create function lock_roles(p_granter_tenant uuid, p_granter uuid) returns void
language plpgsql volatile set search_path = pg_catalog, gatehouse as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || gatehouse.current_tenant()::text, 0));
  if p_granter_tenant <> gatehouse.current_tenant() then
    perform pg_advisory_xact_lock_shared(hashtextextended('role_assignments ' || p_granter_tenant::text, 0));
  end if;
  perform 1 from gatehouse.role_assignments a where a.tenant_id = p_granter_tenant and a.principal_id = p_granter for share;
end $$;
alter function lock_roles(uuid, uuid) owner to gatehouse_granter;

create or replace function grant_role(
  p_id uuid, p_principal uuid, p_role uuid, p_granter_tenant uuid, p_granter uuid, p_via text, p_expires_at timestamptz, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  role record;
  refusal text;
  inserted boolean;
begin
  perform gatehouse.lock_roles(p_granter_tenant, p_granter);
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
  refusal := gatehouse.judge_grant(
    array(select gatehouse.permissions_of_role(p_role, target)), p_expires_at, p_granter_tenant, p_granter, p_now);
  if refusal is not null then
    return refusal;
  end if;
  insert into gatehouse.role_assignments as a (tenant_id, principal_id, role_id, id, via, granted_by, granted_by_tenant, expires_at, created_at)
    values (target, p_principal, p_role, p_id, p_via, p_granter, p_granter_tenant, p_expires_at, p_now)
    on conflict (tenant_id, principal_id, role_id) do update
      set expires_at = excluded.expires_at, via = excluded.via, granted_by = excluded.granted_by, granted_by_tenant = excluded.granted_by_tenant
      where a.expires_at is distinct from excluded.expires_at
    returning a.xmax = 0 into inserted;
  return case when not found then 'held' when inserted then 'granted' else 'changed' end;
end $$;

create or replace function revoke_role(p_assignment uuid, p_revoker_tenant uuid, p_revoker uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  revoked uuid;
begin
  perform gatehouse.lock_roles(p_revoker_tenant, p_revoker);
  select a.role_id into revoked from gatehouse.role_assignments a where a.tenant_id = target and a.id = p_assignment;
  if not found then
    return 'unknown_assignment';
  end if;
  if exists (
    select gatehouse.permissions_of_role(revoked, target)
    except
    select gatehouse.held_permissions(p_revoker_tenant, p_revoker, p_now)
  ) then
    return 'exceeds_own';
  end if;
  delete from gatehouse.role_assignments a where a.tenant_id = target and a.id = p_assignment;
  return 'revoked';
end $$;

create or replace function drop_unfounded_roles(p_principal uuid, p_now timestamptz) returns setof text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  giver record;
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  if not exists (select from gatehouse.principals p
      where p.tenant_id = target and p.id = p_principal and p.kind = 'member' and p.status = 'suspended') then
    return;
  end if;
  for giver in select distinct a.granted_by_tenant as tenant, a.granted_by as id from gatehouse.role_assignments a
      where a.tenant_id = target and a.principal_id = p_principal and a.granted_by is not null
      -- The parent before the root: upwards, as everybody locks.
      order by a.granted_by_tenant desc, a.granted_by loop
    perform gatehouse.lock_roles(giver.tenant, giver.id);
  end loop;
  return query delete from gatehouse.role_assignments a using gatehouse.roles r
    where a.tenant_id = target and a.principal_id = p_principal and r.id = a.role_id
      and gatehouse.judge_grant(
        array(select gatehouse.permissions_of_role(a.role_id, target)), a.expires_at, a.granted_by_tenant, a.granted_by, p_now) is not null
    returning r.name;
end $$;

-- Whether a role of the entered tenant may hold these permissions at all, whoever wants it to: outside the root tenant no role holds
-- what `admin` does not, and in the root tenant none what `PLATFORM_ADMIN` does not.
create function can_be_held(p_permissions text[]) returns boolean
language sql stable set search_path = pg_catalog, gatehouse as $$
  select not exists (
    select unnest(p_permissions)
    except
    select gatehouse.permissions_of_role(
      case when gatehouse.current_tenant() = gatehouse.root_tenant()
        then '00000000-0000-7000-8000-000000000002'::uuid else '00000000-0000-7000-8000-000000000001'::uuid end,
      gatehouse.current_tenant()))
$$;
alter function can_be_held(text[]) owner to gatehouse_granter;

-- Makes a role of the entered tenant's own. Nobody writes into one what they could not give for good.
create function create_role(
  p_id uuid, p_name text, p_title text, p_description text, p_permissions text[], p_editor_tenant uuid, p_editor uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  refusal text;
begin
  perform gatehouse.lock_roles(p_editor_tenant, p_editor);
  -- In whatever case: `sales_rep` would be read as the built-in SALES_REP.
  if exists (select from gatehouse.roles r where (r.tenant_id is null or r.tenant_id = target) and lower(r.name) = lower(p_name)) then
    return 'name_in_use';
  end if;
  if not gatehouse.can_be_held(p_permissions) then
    return 'unknown_permission';
  end if;
  refusal := gatehouse.judge_grant(p_permissions, null, p_editor_tenant, p_editor, p_now);
  if refusal is not null then
    return refusal;
  end if;
  insert into gatehouse.roles (id, tenant_id, name, title, description, role_group)
    values (p_id, target, p_name, p_title, p_description, 'own');
  insert into gatehouse.role_permissions (role_id, tenant_id, permission) select distinct p_id, target, x from unnest(p_permissions) x;
  return 'created';
end $$;
alter function create_role(uuid, text, text, text, text[], uuid, uuid, timestamptz) owner to gatehouse_granter;

-- Changes a role of the entered tenant's own; without permissions those stay. What is added and what is taken away is judged: whoever
-- holds the role gains or loses it. A permission that no release and no service knows any more is anybody's to take away.
create function update_role(
  p_id uuid, p_title text, p_description text, p_permissions text[], p_editor_tenant uuid, p_editor uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  owner uuid;
  added text[];
  removed text[];
  refusal text;
begin
  perform gatehouse.lock_roles(p_editor_tenant, p_editor);
  select r.tenant_id into owner from gatehouse.roles r where r.id = p_id and (r.tenant_id is null or r.tenant_id = target);
  if not found then
    return 'unknown_role';
  end if;
  if owner is null then
    return 'built_in';
  end if;
  if p_permissions is not null then
    added := array(select unnest(p_permissions) except select g.permission from gatehouse.role_permissions g where g.role_id = p_id);
    removed := array(select g.permission from gatehouse.role_permissions g where g.role_id = p_id except select unnest(p_permissions));
    if not gatehouse.can_be_held(added) then
      return 'unknown_permission';
    end if;
    refusal := gatehouse.judge_grant(
      added || array(select x from unnest(removed) x where gatehouse.can_be_held(array[x])), null, p_editor_tenant, p_editor, p_now);
    if refusal is not null then
      return refusal;
    end if;
    delete from gatehouse.role_permissions g where g.role_id = p_id and g.permission = any (removed);
    insert into gatehouse.role_permissions (role_id, tenant_id, permission) select p_id, target, x from unnest(added) x;
  end if;
  update gatehouse.roles r set title = coalesce(p_title, r.title), description = coalesce(p_description, r.description) where r.id = p_id;
  return 'updated';
end $$;
alter function update_role(uuid, text, text, text[], uuid, uuid, timestamptz) owner to gatehouse_granter;

-- Removes a role of the entered tenant's own that nobody holds, an invitation included. What is over of its assignments goes with it.
create function delete_role(p_id uuid, p_editor_tenant uuid, p_editor uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  owner uuid;
  refusal text;
begin
  perform gatehouse.lock_roles(p_editor_tenant, p_editor);
  select r.tenant_id into owner from gatehouse.roles r where r.id = p_id and (r.tenant_id is null or r.tenant_id = target);
  if not found then
    return 'unknown_role';
  end if;
  if owner is null then
    return 'built_in';
  end if;
  refusal := gatehouse.judge_grant(
    array(select x from gatehouse.permissions_of_role(p_id, target) x where gatehouse.can_be_held(array[x])), null, p_editor_tenant, p_editor, p_now);
  if refusal is not null then
    return refusal;
  end if;
  if exists (select from gatehouse.role_assignments a
      where a.tenant_id = target and a.role_id = p_id and (a.expires_at is null or a.expires_at > p_now)) then
    return 'in_use';
  end if;
  delete from gatehouse.role_assignments a where a.tenant_id = target and a.role_id = p_id;
  delete from gatehouse.roles r where r.id = p_id;
  return 'deleted';
end $$;
alter function delete_role(uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- `role_names` names the roles of a tenant's own as well; `own_role_ids` says which they are. SECURITY: a name that a later release
-- gives to a built-in role is not told of a tenant's own, which would pass for it.
create or replace function keep_held_roles() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  a record := coalesce(new, old);
begin
  -- Whoever changes another assignment of this principal has committed when the lock is ours, and the next statement sees it.
  perform 1 from gatehouse.principals p where p.tenant_id = a.tenant_id and p.id = a.principal_id for no key update;
  update gatehouse.principals p set (role_names, own_role_ids, roles_until) = (
    select coalesce(array_agg(r.name order by r.name) filter (where r.tenant_id is null
             or not exists (select from gatehouse.roles b where b.tenant_id is null and b.name = r.name)), '{}'),
           coalesce(array_agg(r.id order by r.id) filter (where r.tenant_id is not null), '{}'),
           min(h.expires_at)
    from gatehouse.role_assignments h join gatehouse.roles r on r.id = h.role_id
    where h.tenant_id = p.tenant_id and h.principal_id = p.id
      and (h.expires_at is null or h.expires_at > coalesce(nullif(current_setting('gatehouse.roles_as_of', true), '')::timestamptz, '-infinity')))
  where p.tenant_id = a.tenant_id and p.id = a.principal_id;
  return null;
end $$;

revoke create on schema gatehouse from gatehouse_granter, gatehouse_lookup;
revoke execute on function revocation_log(xid8, bigint, uuid, integer), permissions_of_role(uuid, uuid), held_until(uuid, uuid, timestamptz),
  judge_grant(text[], timestamptz, uuid, uuid, timestamptz), lock_roles(uuid, uuid), can_be_held(text[]),
  create_role(uuid, text, text, text, text[], uuid, uuid, timestamptz), update_role(uuid, text, text, text[], uuid, uuid, timestamptz),
  delete_role(uuid, uuid, uuid, timestamptz) from public;
grant execute on function create_role(uuid, text, text, text, text[], uuid, uuid, timestamptz),
  update_role(uuid, text, text, text[], uuid, uuid, timestamptz), delete_role(uuid, uuid, uuid, timestamptz) to gatehouse_app;
grant execute on function revocation_log(xid8, bigint, uuid, integer) to gatehouse_login;
