-- Groups: principals whose roles are held by their members (docs/adr/0083-groups-are-principals.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter, gatehouse_session;

alter table principals drop constraint principals_kind_check;
alter table principals add constraint principals_kind_check
  check (kind in ('member', 'client', 'service', 'api_key', 'device', 'group'));

create table groups (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  description text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, id) references principals (tenant_id, id) on delete cascade
);
create unique index groups_by_name on groups (tenant_id, lower(name));

-- Members and services; no groups in groups.
create table group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  principal_id uuid not null,
  added_at timestamptz not null,
  primary key (tenant_id, group_id, principal_id),
  foreign key (tenant_id, group_id) references groups (tenant_id, id) on delete cascade,
  foreign key (tenant_id, principal_id) references principals (tenant_id, id) on delete cascade
);
create index group_members_principal on group_members (tenant_id, principal_id);

-- Who holds which role, and through which group: assignments of the principal itself, and of its groups.
create view held_roles with (security_invoker = true) as
  select a.tenant_id, a.principal_id, a.role_id, a.id as assignment_id, null::uuid as group_id, a.expires_at, a.created_at
    from gatehouse.role_assignments a
  union all
  select m.tenant_id, m.principal_id, a.role_id, a.id, m.group_id, a.expires_at, greatest(a.created_at, m.added_at)
    from gatehouse.group_members m
    join gatehouse.role_assignments a on a.tenant_id = m.tenant_id and a.principal_id = m.group_id;
grant select on held_roles to gatehouse_app, gatehouse_session, gatehouse_granter;

create or replace function held_until(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns table (permission text, until timestamptz)
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission, max(coalesce(a.expires_at, 'infinity')) from gatehouse.held_roles a
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

-- As before, with what members hold through their groups: whatever changes a group's roles is written on each of its members.
create or replace function keep_held_roles() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  a record := coalesce(new, old);
  concerned uuid[] := array[a.principal_id];
begin
  if tg_table_name = 'role_assignments' then
    concerned := concerned || array(select m.principal_id from gatehouse.group_members m
      where m.tenant_id = a.tenant_id and m.group_id = a.principal_id);
  end if;
  -- Whoever changes another assignment of these has committed when the locks are ours, and the next statement sees it.
  perform 1 from gatehouse.principals p where p.tenant_id = a.tenant_id and p.id = any (concerned) order by p.id for no key update;
  update gatehouse.principals p set (role_names, own_role_ids, roles_until) = (
    select coalesce(array_agg(distinct r.name order by r.name) filter (where r.tenant_id is null
             or not exists (select from gatehouse.roles b where b.tenant_id is null and b.name = r.name)), '{}'),
           coalesce(array_agg(distinct r.id order by r.id) filter (where r.tenant_id is not null), '{}'),
           min(h.expires_at)
    from gatehouse.held_roles h join gatehouse.roles r on r.id = h.role_id
    where h.tenant_id = p.tenant_id and h.principal_id = p.id
      and (h.expires_at is null or h.expires_at > coalesce(nullif(current_setting('gatehouse.roles_as_of', true), '')::timestamptz, '-infinity')))
  where p.tenant_id = a.tenant_id and p.id = any (concerned);
  return null;
end $$;
create trigger keep_held_roles after insert or delete on group_members
  for each row execute function keep_held_roles();

-- As before, for what ended through a group as well. A tenant at a time, under the lock of whoever changes its roles, since a group's
-- change locks many principals.
create or replace function forget_ended_roles(p_now timestamptz) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  p record;
  forgotten integer := 0;
begin
  perform set_config('gatehouse.roles_as_of', p_now::text, true);
  for p in select x.tenant_id, x.id from gatehouse.principals x where x.roles_until <= p_now order by x.tenant_id, x.id limit 1000 loop
    perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || p.tenant_id::text, 0));
    -- What a group has lost is written on all of its members at once.
    continue when not exists (select from gatehouse.principals x where x.tenant_id = p.tenant_id and x.id = p.id and x.roles_until <= p_now);
    perform set_config('gatehouse.tenant_id', p.tenant_id::text, true);
    update gatehouse.role_assignments a set expires_at = a.expires_at
      where a.tenant_id = p.tenant_id and a.expires_at <= p_now
        and (a.principal_id = p.id
          or a.principal_id in (select m.group_id from gatehouse.group_members m where m.tenant_id = p.tenant_id and m.principal_id = p.id));
    forgotten := forgotten + 1;
  end loop;
  perform set_config('gatehouse.tenant_id', '', true);
  perform set_config('gatehouse.roles_as_of', '', true);
  return forgotten;
end $$;

-- Why somebody cannot let the members of a group hold its roles, or take them from them; null when they can.
create function judge_group(p_group uuid, p_taking boolean, p_granter_tenant uuid, p_granter uuid, p_now timestamptz) returns text
language plpgsql stable set search_path = pg_catalog, gatehouse as $$
declare
  a record;
  refusal text;
begin
  for a in select x.role_id, x.expires_at from gatehouse.role_assignments x
      where x.tenant_id = gatehouse.current_tenant() and x.principal_id = p_group and (x.expires_at is null or x.expires_at > p_now) loop
    refusal := gatehouse.judge_grant(
      array(select gatehouse.permissions_of_role(a.role_id, gatehouse.current_tenant())),
      -- What is held until a day can be taken away before it, as by revoke_role().
      case when p_taking then '-infinity' else a.expires_at end, p_granter_tenant, p_granter, p_now);
    if refusal is not null then
      return refusal;
    end if;
  end loop;
  return null;
end $$;
alter function judge_group(uuid, boolean, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- Who joins a group gets its roles, so it is judged as giving each of them until its end.
create function add_group_member(p_group uuid, p_principal uuid, p_granter_tenant uuid, p_granter uuid, p_now timestamptz) returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  refusal text;
begin
  perform gatehouse.lock_roles(p_granter_tenant, p_granter);
  if not exists (select from gatehouse.groups g where g.tenant_id = target and g.id = p_group) then
    return 'unknown_group';
  end if;
  -- Not who is only invited: what an invitation gives is judged again when it is accepted, by its assignments.
  if not exists (select from gatehouse.principals p where p.tenant_id = target and p.id = p_principal
      and (p.kind = 'service' or (p.kind = 'member'
        and exists (select from gatehouse.memberships m where m.tenant_id = target and m.id = p.id)))) then
    return 'unknown_principal';
  end if;
  refusal := gatehouse.judge_group(p_group, false, p_granter_tenant, p_granter, p_now);
  if refusal is not null then
    return refusal;
  end if;
  insert into gatehouse.group_members (tenant_id, group_id, principal_id, added_at) values (target, p_group, p_principal, p_now)
    on conflict do nothing;
  return case when found then 'added' else 'held' end;
end $$;
alter function add_group_member(uuid, uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

create function remove_group_member(p_group uuid, p_principal uuid, p_revoker_tenant uuid, p_revoker uuid, p_now timestamptz) returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  refusal text;
begin
  perform gatehouse.lock_roles(p_revoker_tenant, p_revoker);
  if not exists (select from gatehouse.group_members m
      where m.tenant_id = target and m.group_id = p_group and m.principal_id = p_principal) then
    return 'unknown_member';
  end if;
  refusal := gatehouse.judge_group(p_group, true, p_revoker_tenant, p_revoker, p_now);
  if refusal is not null then
    return refusal;
  end if;
  delete from gatehouse.group_members m where m.tenant_id = target and m.group_id = p_group and m.principal_id = p_principal;
  return 'removed';
end $$;
alter function remove_group_member(uuid, uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- A group that is deleted takes its roles from its members.
create function delete_group(p_group uuid, p_revoker_tenant uuid, p_revoker uuid, p_now timestamptz) returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  refusal text;
begin
  perform gatehouse.lock_roles(p_revoker_tenant, p_revoker);
  if not exists (select from gatehouse.groups g where g.tenant_id = target and g.id = p_group) then
    return 'unknown_group';
  end if;
  refusal := gatehouse.judge_group(p_group, true, p_revoker_tenant, p_revoker, p_now);
  if refusal is not null then
    return refusal;
  end if;
  delete from gatehouse.principals p where p.tenant_id = target and p.id = p_group and p.kind = 'group';
  return 'deleted';
end $$;
alter function delete_group(uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- As before, with groups, and the names of a tenant's own roles beside the built-in ones.
create or replace function session_context_in_full(p_tenant uuid, p_session uuid, p_now timestamptz)
returns table (
  user_id uuid, email text, name text, user_status text, user_created_at timestamptz, client_id text, active_tenant_id uuid,
  tenant_name text, tenant_type text, tenant_status text, principal_id uuid, session_created_at timestamptz, session_expires_at timestamptz,
  amr text[], auth_time timestamptz, role_names text[], tenant_permissions text[])
language plpgsql volatile set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  s record;
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  select x.user_id as user_id, u.email as email, u.name as name, u.status as user_status, u.created_at as user_created_at,
         x.client_id as client_id, x.active_tenant_id as active_tenant_id, x.created_at as created_at,
         least(x.expires_at, x.idle_expires_at) as expires_at, x.amr as amr, x.auth_time as auth_time
    into s
    from gatehouse.sessions x
    join gatehouse.users u on u.tenant_id = x.tenant_id and u.id = x.user_id
    join gatehouse.tenants h on h.id = x.tenant_id
    join gatehouse.clients c on c.client_id = x.client_id and c.status = 'active'
      and c.tenant_id in (x.tenant_id, gatehouse.root_tenant())
    where x.tenant_id = p_tenant and x.id = p_session and x.ended_at is null
      and x.expires_at > p_now and x.idle_expires_at > p_now and u.status = 'active' and h.status = 'active';
  if not found then
    return;
  end if;
  if s.active_tenant_id <> p_tenant then
    perform set_config('gatehouse.tenant_id', s.active_tenant_id::text, true);
  end if;
  return query
    select s.user_id, s.email, s.name, s.user_status, s.user_created_at, s.client_id, s.active_tenant_id, t.name, t.type, t.status, m.id,
           s.created_at, s.expires_at, s.amr, s.auth_time,
           coalesce((select array_agg(distinct r.name order by r.name) from gatehouse.held_roles a join gatehouse.roles r on r.id = a.role_id
             where a.tenant_id = m.tenant_id and a.principal_id = m.id and (a.expires_at is null or a.expires_at > p_now)
               and (r.tenant_id is null or not exists (select from gatehouse.roles b where b.tenant_id is null and b.name = r.name))), '{}'),
           coalesce((select array_agg(distinct g.permission) from gatehouse.held_roles a join gatehouse.roles o on o.id = a.role_id and o.tenant_id is not null
             join gatehouse.role_permissions g on g.role_id = o.id where a.tenant_id = m.tenant_id and a.principal_id = m.id and (a.expires_at is null or a.expires_at > p_now) and g.tenant_id is not null), '{}')
    from gatehouse.memberships m
    join gatehouse.principals p on p.tenant_id = m.tenant_id and p.id = m.id
    join gatehouse.tenants t on t.id = m.tenant_id
    where m.tenant_id = s.active_tenant_id and m.user_tenant_id = p_tenant and m.user_id = s.user_id
      and p.status = 'active' and t.status = 'active';
end $$;

revoke create on schema gatehouse from gatehouse_granter, gatehouse_session;
revoke execute on function judge_group(uuid, boolean, uuid, uuid, timestamptz), add_group_member(uuid, uuid, uuid, uuid, timestamptz),
  remove_group_member(uuid, uuid, uuid, uuid, timestamptz), delete_group(uuid, uuid, uuid, timestamptz) from public;
grant execute on function add_group_member(uuid, uuid, uuid, uuid, timestamptz),
  remove_group_member(uuid, uuid, uuid, uuid, timestamptz), delete_group(uuid, uuid, uuid, timestamptz) to gatehouse_app;
