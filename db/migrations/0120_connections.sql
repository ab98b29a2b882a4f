-- Sign-in by identity providers (docs/adr/0065, 0066).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup, gatehouse_granter;

-- `platform`: serves the people of every tenant, and belongs to the root tenant. The author is whoever wrote the connection last: in
-- that name its roles are given, so that a mapping never gives what its writer lacks.
alter table connections
  add column scope text not null default 'tenant' check (scope in ('tenant', 'platform')),
  add column author_tenant_id uuid,
  add column author_principal_id uuid,
  add constraint connections_id_key unique (id),
  add constraint connections_of_platform check (scope = 'tenant' or tenant_id = '00000000-0000-7000-8000-000000000001');

-- An identity lies with its user; the connection of the platform lies in the root tenant. What the provider calls one person enters
-- one account, however many tenants there are.
alter table external_identities
  add column id uuid not null,
  add column connection_tenant_id uuid not null,
  add constraint external_identities_id_key unique (tenant_id, id),
  add constraint external_identities_one_account unique (connection_id, issuer, subject),
  add constraint external_identities_of_own_or_platform
    check (connection_tenant_id = tenant_id or connection_tenant_id = '00000000-0000-7000-8000-000000000001'),
  drop constraint external_identities_tenant_id_connection_id_fkey,
  add constraint external_identities_connection_fkey foreign key (connection_tenant_id, connection_id)
    references connections (tenant_id, id) on delete cascade;

-- Which connection opened a session: without the connection it ends. No foreign key, which would have each renewal look.
alter table sessions add column connection_id uuid;
create index sessions_connection on sessions (connection_id) where connection_id is not null;

-- Roles that a connection gave go when its provider no longer says so.
alter table role_assignments drop constraint role_assignments_via_check;
alter table role_assignments add constraint role_assignments_via_check
  check (via in ('direct', 'bootstrap', 'registration', 'connection'));
alter table role_assignments add column connection_id uuid;

-- Domains that a tenant has proved to be its own. Many may ask for one; one has it.
create table tenant_domains (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  domain text not null,
  challenge text not null,
  -- The connection that addresses of the domain are sent to.
  connection_id uuid,
  verified_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, domain),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete set null (connection_id)
);
create unique index tenant_domains_verified on tenant_domains (domain) where verified_at is not null;

create function find_connection(p_id uuid)
returns table (tenant_id uuid, scope text, kind text, status text, tenant_status text)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select c.tenant_id, c.scope, c.kind, c.status, t.status
    from gatehouse.connections c join gatehouse.tenants t on t.id = c.tenant_id where c.id = p_id
$$;
alter function find_connection(uuid) owner to gatehouse_lookup;

-- What a sign-in page offers: the platform's, and those of the tenant that the page is of.
create function find_offered_connections(p_tenant text)
returns table (id uuid, scope text, kind text, name text)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select c.id, c.scope, c.kind, c.name
    from gatehouse.connections c join gatehouse.tenants t on t.id = c.tenant_id and t.status = 'active'
    where c.status = 'enabled' and (c.scope = 'platform' or (c.scope = 'tenant' and (t.slug = p_tenant or t.id::text = p_tenant)))
    order by c.scope, c.name, c.id
$$;
alter function find_offered_connections(text) owner to gatehouse_lookup;

create function find_external_identity(p_connection uuid, p_issuer text, p_subject text)
returns table (tenant_id uuid, user_id uuid)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select e.tenant_id, e.user_id from gatehouse.external_identities e
    where e.connection_id = p_connection and e.issuer = p_issuer and e.subject = p_subject
$$;
alter function find_external_identity(uuid, text, text) owner to gatehouse_lookup;

create function find_domain(p_domain text)
returns table (tenant_id uuid, connection_id uuid, connection_name text, settings jsonb)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select d.tenant_id, c.id, c.name, t.settings
    from gatehouse.tenant_domains d
    join gatehouse.tenants t on t.id = d.tenant_id and t.status = 'active'
    left join gatehouse.connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id and c.status = 'enabled'
    where d.domain = p_domain and d.verified_at is not null
$$;
alter function find_domain(text) owner to gatehouse_lookup;

-- Ends the sessions that a connection of the entered tenant opened, wherever they lie, and tells the followers.
create function end_connection_sessions(p_connection uuid, p_reason text, p_now timestamptz)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  ended integer;
begin
  if not exists (select from gatehouse.connections c where c.id = p_connection and c.tenant_id = gatehouse.current_tenant()) then
    return 0;
  end if;
  -- A session that is just being opened holds the lock shared: it is there when this statement ends, or it comes later and finds
  -- the connection disabled.
  perform pg_advisory_xact_lock(hashtextextended('sessions of connection ' || p_connection::text, 0));
  perform set_config('gatehouse.ending_connection', p_connection::text, true);
  with gone as (
    update gatehouse.sessions x set ended_at = p_now, end_reason = p_reason, epoch = x.epoch + 1
      where x.connection_id = p_connection and x.ended_at is null
      returning x.tenant_id, x.id, x.user_id, x.epoch)
  insert into gatehouse.revocations (tenant_id, kind, subject_id, user_id, epoch, created_at)
    select g.tenant_id, 'session', g.id, g.user_id, g.epoch, p_now from gone g;
  get diagnostics ended = row_count;
  perform set_config('gatehouse.ending_connection', '', true);
  return ended;
end $$;
alter function end_connection_sessions(uuid, text, timestamptz) owner to gatehouse_lookup;

-- Gives a role that a connection maps, in the name of whoever wrote the mapping and by the same rule as every grant. What is held
-- already, however it was given, stays as it is.
create function grant_mapped_role(
  p_id uuid, p_principal uuid, p_role uuid, p_granter_tenant uuid, p_granter uuid, p_connection uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  outcome text;
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  if exists (select from gatehouse.role_assignments a where a.tenant_id = target and a.principal_id = p_principal and a.role_id = p_role) then
    return 'held';
  end if;
  outcome := gatehouse.grant_role(p_id, p_principal, p_role, p_granter_tenant, p_granter, 'connection', null, p_now);
  if outcome = 'granted' then
    update gatehouse.role_assignments a set connection_id = p_connection where a.tenant_id = target and a.id = p_id;
  end if;
  return outcome;
end $$;
alter function grant_mapped_role(uuid, uuid, uuid, uuid, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- Takes back what this connection gave and its provider no longer says. Nothing that anybody else gave.
create function drop_mapped_roles(p_principal uuid, p_connection uuid, p_keep text[])
returns table (id uuid, role text)
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
  target uuid := gatehouse.current_tenant();
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  return query delete from gatehouse.role_assignments a using gatehouse.roles r
    where a.tenant_id = target and a.principal_id = p_principal and a.via = 'connection' and a.connection_id = p_connection
      and r.id = a.role_id and r.name <> all (p_keep)
    returning a.id, r.name;
end $$;
alter function drop_mapped_roles(uuid, uuid, text[]) owner to gatehouse_granter;

revoke create on schema gatehouse from gatehouse_lookup, gatehouse_granter;
revoke execute on function find_connection(uuid), find_offered_connections(text), find_external_identity(uuid, text, text), find_domain(text),
  end_connection_sessions(uuid, text, timestamptz), grant_mapped_role(uuid, uuid, uuid, uuid, uuid, uuid, timestamptz),
  drop_mapped_roles(uuid, uuid, text[]) from public;
grant execute on function find_connection(uuid) to gatehouse_login, gatehouse_app;
grant execute on function find_offered_connections(text), find_external_identity(uuid, text, text), find_domain(text) to gatehouse_login;
grant execute on function end_connection_sessions(uuid, text, timestamptz), drop_mapped_roles(uuid, uuid, text[]),
  grant_mapped_role(uuid, uuid, uuid, uuid, uuid, uuid, timestamptz) to gatehouse_app;
