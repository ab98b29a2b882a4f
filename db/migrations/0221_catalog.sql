-- What services register: permissions that roles can hold, and attributes that policies speak of (docs/adr/0084).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter, gatehouse_session;

-- Of the root tenant: for every tenant. Of another: for that tenant alone.
create table catalog_services (
  tenant_id uuid not null references tenants (id),
  service text not null check (service ~ '^[a-z][a-z0-9_-]{0,62}$'),
  resources jsonb not null,
  version integer not null,
  registered_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, service)
);
create table catalog_permissions (
  tenant_id uuid not null,
  name text not null check (name ~ '^[a-z][a-z0-9_-]*(:[a-z][a-z0-9_]*){2}$'),
  service text not null,
  description text not null,
  primary key (tenant_id, name),
  foreign key (tenant_id, service) references catalog_services (tenant_id, service) on delete cascade,
  constraint catalog_permissions_of_service check (starts_with(name, service || ':'))
);
create index catalog_permissions_service on catalog_permissions (tenant_id, service);

-- What a role holds in the entered tenant: its own list, and for the administrators everything that is registered and counts there.
create view role_holdings with (security_invoker = true) as
  select g.role_id, g.permission from gatehouse.role_permissions g
  union all
  select r.id, c.name from gatehouse.catalog_permissions c
    join (values ('00000000-0000-7000-8000-000000000001'::uuid, false), ('00000000-0000-7000-8000-000000000002'::uuid, false),
      ('00000000-0000-7000-8000-000000000003'::uuid, true)) as r (id, reads) on not r.reads or c.name like '%:read'
    where c.tenant_id in (gatehouse.current_tenant(), gatehouse.root_tenant());
grant select on role_holdings to gatehouse_app, gatehouse_session, gatehouse_granter;

create or replace function permissions_of_role(p_role uuid, p_tenant uuid) returns setof text
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission from gatehouse.role_holdings h where h.role_id = p_role
$$;

create or replace function held_until(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns table (permission text, until timestamptz)
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission, max(coalesce(a.expires_at, 'infinity')) from gatehouse.held_roles a
    join gatehouse.principals p on p.tenant_id = a.tenant_id and p.id = a.principal_id and p.status = 'active'
    join gatehouse.role_holdings h on h.role_id = a.role_id
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
      -- SECURITY: what a service of the tenant above is called says nothing of a service here that has chosen the same name.
      and (p_tenant = gatehouse.current_tenant() or h.permission !~ ':.*:'
           or a.role_id in ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000003')
           or exists (select from gatehouse.catalog_permissions c where c.tenant_id = gatehouse.root_tenant() and c.name = h.permission))
    group by h.permission
$$;

-- As before; nothing is taken out of the catalog while somebody puts it into a role.
create or replace function can_be_held(p_permissions text[]) returns boolean
language plpgsql volatile set search_path = pg_catalog, gatehouse as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('catalog', 0));
  return not exists (
    select unnest(p_permissions)
    except
    select gatehouse.permissions_of_role(
      case when gatehouse.current_tenant() = gatehouse.root_tenant()
        then '00000000-0000-7000-8000-000000000002'::uuid else '00000000-0000-7000-8000-000000000001'::uuid end,
      gatehouse.current_tenant()));
end $$;

-- Puts a service's part of the catalog into the entered tenant, whole, in the place of what was there; without permissions it is
-- taken out. What roles hold stays: `held` says which of the names that would go are in roles of how many tenants.
create function register_catalog(p_service text, p_permissions jsonb, p_resources jsonb, p_now timestamptz)
returns table (outcome text, names text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
  target uuid := gatehouse.current_tenant();
  before record;
  held text[];
begin
  perform pg_advisory_xact_lock(hashtextextended('catalog', 0));
  if target <> gatehouse.root_tenant() and exists (
      select from gatehouse.catalog_services s where s.tenant_id = gatehouse.root_tenant() and s.service = p_service) then
    return query select 'taken'::text, '{}'::text[];
    return;
  end if;
  select s.version, s.resources into before from gatehouse.catalog_services s where s.tenant_id = target and s.service = p_service;
  if not found and p_permissions is null then
    return query select 'unknown'::text, '{}'::text[];
    return;
  end if;
  held := array(
    select distinct g.permission from gatehouse.catalog_permissions c
      join gatehouse.role_permissions g on g.permission = c.name and (g.tenant_id = target or target = gatehouse.root_tenant())
      where c.tenant_id = target and c.service = p_service
        and not exists (select from jsonb_array_elements(coalesce(p_permissions, '[]')) n where n ->> 'name' = c.name)
      order by g.permission);
  if held <> '{}' then
    return query select 'held'::text, held;
    return;
  end if;
  if p_permissions is null then
    delete from gatehouse.catalog_services s where s.tenant_id = target and s.service = p_service;
    return query select 'removed'::text, '{}'::text[];
    return;
  end if;
  if before.version is not null and before.resources = p_resources and not exists (
      (select n ->> 'name', n ->> 'description' from jsonb_array_elements(p_permissions) n
        except select c.name, c.description from gatehouse.catalog_permissions c where c.tenant_id = target and c.service = p_service)
      union all
      (select c.name, c.description from gatehouse.catalog_permissions c where c.tenant_id = target and c.service = p_service
        except select n ->> 'name', n ->> 'description' from jsonb_array_elements(p_permissions) n)) then
    return query select 'same'::text, '{}'::text[];
    return;
  end if;
  insert into gatehouse.catalog_services as s (tenant_id, service, resources, version, registered_at, updated_at)
    values (target, p_service, p_resources, 1, p_now, p_now)
    on conflict (tenant_id, service) do update set resources = excluded.resources, version = s.version + 1, updated_at = p_now;
  delete from gatehouse.catalog_permissions c where c.tenant_id = target and c.service = p_service;
  insert into gatehouse.catalog_permissions (tenant_id, name, service, description)
    select target, n ->> 'name', p_service, n ->> 'description' from jsonb_array_elements(p_permissions) n;
  return query select case when before.version is null then 'registered' else 'replaced' end, '{}'::text[];
end $$;
alter function register_catalog(text, jsonb, jsonb, timestamptz) owner to gatehouse_granter;

-- As before, with what is registered, for administrators.
create or replace function roles_of_principal(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns table (kind text, role_names text[], tenant_permissions text[])
language sql stable set search_path = pg_catalog, gatehouse as $$
  select p.kind,
         coalesce(array_agg(distinct r.name) filter (where r.name is not null and (r.tenant_id is null
           or not exists (select from gatehouse.roles b where b.tenant_id is null and b.name = r.name))), '{}'),
         coalesce((select array_agg(distinct h.permission) from gatehouse.role_holdings h
           where h.role_id = any (array_agg(r.id)) and (h.permission ~ ':.*:' or h.role_id = any (array_agg(r.id) filter (where r.tenant_id is not null)))), '{}')
    from gatehouse.principals p
    left join gatehouse.held_roles a on a.tenant_id = p.tenant_id and a.principal_id = p.id
      and (a.expires_at is null or a.expires_at > p_now)
    left join gatehouse.roles r on r.id = a.role_id
    where p.tenant_id = p_tenant and p.id = p_principal and p.status = 'active'
    group by p.kind
$$;

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
           s.created_at, s.expires_at, s.amr, s.auth_time, coalesce(r.role_names, '{}'), coalesce(r.tenant_permissions, '{}')
    from gatehouse.memberships m
    join gatehouse.principals p on p.tenant_id = m.tenant_id and p.id = m.id
    join gatehouse.tenants t on t.id = m.tenant_id
    left join lateral gatehouse.roles_of_principal(m.tenant_id, m.id, p_now) r on true
    where m.tenant_id = s.active_tenant_id and m.user_tenant_id = p_tenant and m.user_id = s.user_id
      and p.status = 'active' and t.status = 'active';
end $$;

create or replace function session_context(p_tenant uuid, p_session uuid, p_now timestamptz)
returns table (
  user_id uuid, email text, name text, user_status text, user_created_at timestamptz, client_id text, active_tenant_id uuid,
  tenant_name text, tenant_type text, tenant_status text, principal_id uuid, session_created_at timestamptz, session_expires_at timestamptz,
  amr text[], auth_time timestamptz, role_names text[], tenant_permissions text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  return query
    select u.id, u.email, u.name, u.status, u.created_at, x.client_id, x.active_tenant_id, t.name, t.type, t.status, p.id,
           x.created_at, least(x.expires_at, x.idle_expires_at), x.amr, x.auth_time, p.role_names,
           case when p.own_role_ids = '{}' and not p.role_names && '{PLATFORM_ADMIN,admin,admin_viewer}' then '{}'::text[] else array(
             select g.permission from gatehouse.role_permissions g where g.role_id = any (p.own_role_ids)
             union
             select c.name from gatehouse.catalog_permissions c where c.tenant_id in (p_tenant, gatehouse.root_tenant())
               and (p.role_names && '{PLATFORM_ADMIN,admin}' or ('admin_viewer' = any (p.role_names) and c.name like '%:read'))) end
    from gatehouse.sessions x
    join gatehouse.clients c on c.client_id = x.client_id and c.status = 'active'
      and c.tenant_id in (x.tenant_id, gatehouse.root_tenant())
    join gatehouse.users u on u.tenant_id = x.tenant_id and u.id = x.user_id and u.status = 'active'
    join gatehouse.tenants t on t.id = x.tenant_id and t.status = 'active'
    join gatehouse.principals p on p.tenant_id = x.tenant_id and p.id = x.home_principal_id and p.status = 'active'
    where x.tenant_id = p_tenant and x.id = p_session and x.active_tenant_id = p_tenant
      and x.ended_at is null and x.expires_at > p_now and x.idle_expires_at > p_now
      and (p.roles_until is null or p.roles_until > p_now);
  if not found then
    return query select * from gatehouse.session_context_in_full(p_tenant, p_session, p_now);
  end if;
end $$;

revoke create on schema gatehouse from gatehouse_granter, gatehouse_session;
revoke execute on function register_catalog(text, jsonb, jsonb, timestamptz) from public;
grant execute on function register_catalog(text, jsonb, jsonb, timestamptz) to gatehouse_app;
