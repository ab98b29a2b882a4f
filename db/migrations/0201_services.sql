-- Services: clients in a namespace, with secrets, a principal, and a map of who may call whom (docs/adr/0085).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_session, gatehouse_granter, gatehouse_lookup;

-- Services are clients (one concept): each in a namespace, with a principal of the same id that roles are given to.
alter table clients add column namespace text check (namespace ~ '^[a-z][a-z0-9-]{0,62}$');
alter table clients add constraint clients_service_namespace check ((kind = 'service') = (namespace is not null));

-- Two live ones at most, so that one can take the other's place: `expires_at` is when the older one stops.
create table client_secrets (
  tenant_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  hash bytea not null check (length(hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, client_id) references clients (tenant_id, id) on delete cascade
);
create index client_secrets_client on client_secrets (tenant_id, client_id);

-- Which service may call which: what is not in here is refused.
create table service_calls (
  tenant_id uuid not null,
  caller_id uuid not null,
  callee_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, caller_id, callee_id),
  foreign key (tenant_id, caller_id) references clients (tenant_id, id) on delete cascade,
  foreign key (tenant_id, callee_id) references clients (tenant_id, id) on delete cascade
);
create index service_calls_callee on service_calls (tenant_id, callee_id);

-- The principal of a service goes with it.
create function drop_service_principal() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  delete from gatehouse.principals p where p.tenant_id = old.tenant_id and p.id = old.id and p.kind = 'service';
  return null;
end $$;
alter function drop_service_principal() owner to gatehouse_granter;
create trigger drop_service_principal after delete on clients for each row when (old.kind = 'service') execute function drop_service_principal();

-- Nobody signs in to a service: it is no client that sign-in finds.
create or replace function find_client(p_client_id text)
returns table (tenant_id uuid, id uuid, client_id text, token_mode text, origins text[], cookie_domain text, status text)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query
    select c.tenant_id, c.id, c.client_id, c.token_mode, c.origins, c.cookie_domain, c.status
    from gatehouse.clients c where c.client_id = p_client_id and c.kind <> 'service';
end $$;

-- What a service stands for that presents a token: nothing when it, or its tenant, no longer stands.
create function service_context(p_client_id text, p_now timestamptz)
returns table (tenant_id uuid, principal_id uuid, client_id text, namespace text, role_names text[], tenant_permissions text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  c record;
begin
  select x.tenant_id, x.id, x.client_id, x.namespace into c from gatehouse.clients x
    where x.client_id = p_client_id and x.kind = 'service' and x.status = 'active';
  if not found then
    return;
  end if;
  perform set_config('gatehouse.tenant_id', c.tenant_id::text, true);
  return query select c.tenant_id, c.id, c.client_id, c.namespace, r.role_names, r.tenant_permissions
    from gatehouse.tenants t, gatehouse.roles_of_principal(c.tenant_id, c.id, p_now) r
    where t.id = c.tenant_id and t.status = 'active' and r.kind = 'service';
end $$;
alter function service_context(text, timestamptz) owner to gatehouse_session;

-- For the token endpoint, which knows a client_id and no tenant: the service with the hashes of its live secrets.
create function find_service(p_client_id text, p_now timestamptz)
returns table (tenant_id uuid, id uuid, client_id text, secret_hashes bytea[])
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select c.tenant_id, c.id, c.client_id, array(select s.hash from gatehouse.client_secrets s
      where s.tenant_id = c.tenant_id and s.client_id = c.id and (s.expires_at is null or s.expires_at > p_now))
    from gatehouse.clients c join gatehouse.tenants t on t.id = c.tenant_id and t.status = 'active'
    where c.client_id = p_client_id and c.kind = 'service' and c.status = 'active'
$$;
alter function find_service(text, timestamptz) owner to gatehouse_lookup;

revoke create on schema gatehouse from gatehouse_session, gatehouse_granter, gatehouse_lookup;
revoke execute on function drop_service_principal(), service_context(text, timestamptz), find_service(text, timestamptz) from public;
grant execute on function service_context(text, timestamptz), find_service(text, timestamptz) to gatehouse_login;
