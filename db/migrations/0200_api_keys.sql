-- Services and API keys act as people do, under names of their own; here the keys (docs/adr/0086).

set local search_path = gatehouse, pg_catalog;

alter table audit_records drop constraint audit_records_actor_kind_check;
alter table audit_records add constraint audit_records_actor_kind_check
  check (actor_kind in ('user', 'service', 'api_key', 'system', 'anonymous'));

alter table revocations drop constraint revocations_kind_check;
alter table revocations add constraint revocations_kind_check
  check (kind in ('session', 'user', 'principal', 'tenant', 'client', 'settings', 'access', 'api_key'));

grant create on schema gatehouse to gatehouse_session, gatehouse_granter;

-- API keys. The key itself is nowhere: its hash finds it. Its principal has its id; what it may is its scopes, as far as the owner's
-- principal holds them at that moment.
create table api_keys (
  tenant_id uuid not null,
  id uuid not null,
  owner_id uuid not null,
  name text not null,
  hash bytea not null unique check (length(hash) = 32),
  shown_as text not null,
  scopes text[] not null default '{}',
  allowed_addresses text[] not null default '{}',
  created_by uuid not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null,
  rotated_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, id) references principals (tenant_id, id) on delete cascade,
  foreign key (tenant_id, owner_id) references principals (tenant_id, id) on delete cascade
);
create index api_keys_owner on api_keys (tenant_id, owner_id);
create index api_keys_by_created on api_keys (tenant_id, created_at, id);

-- The principal of a key goes with it, however it went, and followers are told.
create function drop_key_principal() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  insert into gatehouse.revocations (tenant_id, kind, subject_id, epoch, created_at)
    values (old.tenant_id, 'api_key', old.id, 0, now());
  delete from gatehouse.principals p where p.tenant_id = old.tenant_id and p.id = old.id and p.kind = 'api_key';
  return null;
end $$;
alter function drop_key_principal() owner to gatehouse_granter;
create trigger drop_key_principal after delete on api_keys for each row execute function drop_key_principal();

-- The roles that a principal of the entered tenant carries; the assignments themselves are read where one of them has ended.
create function roles_of_principal(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns table (kind text, role_names text[], tenant_permissions text[])
language sql stable set search_path = pg_catalog, gatehouse as $$
  select p.kind, coalesce(array_agg(distinct r.name) filter (where r.name is not null), '{}'),
         coalesce((select array_agg(distinct g.permission) from gatehouse.role_permissions g
           where g.tenant_id is not null and g.role_id = any (array_agg(r.id))), '{}')
    from gatehouse.principals p
    left join gatehouse.role_assignments a on a.tenant_id = p.tenant_id and a.principal_id = p.id
      and (a.expires_at is null or a.expires_at > p_now)
    left join gatehouse.roles r on r.id = a.role_id
    where p.tenant_id = p_tenant and p.id = p_principal and p.status = 'active'
    group by p.kind
$$;
alter function roles_of_principal(uuid, uuid, timestamptz) owner to gatehouse_session;

-- What an API key stands for. It enters the tenant of the key, and the home of its owner for whether that account is active.
create function api_key_context(p_hash bytea, p_now timestamptz)
returns table (tenant_id uuid, id uuid, shown_as text, scopes text[], allowed_addresses text[], expires_at timestamptz, last_used_at timestamptz,
  owner_kind text, owner_user_id uuid, owner_home uuid, owner_client_id text, role_names text[], tenant_permissions text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  k record;
  o record;
  r record;
begin
  select x.* into k from gatehouse.api_keys x where x.hash = p_hash and (x.expires_at is null or x.expires_at > p_now);
  if not found then
    return;
  end if;
  perform set_config('gatehouse.tenant_id', k.tenant_id::text, true);
  select * into r from gatehouse.roles_of_principal(k.tenant_id, k.owner_id, p_now);
  if not found or not exists (select from gatehouse.tenants t where t.id = k.tenant_id and t.status = 'active') then
    return;
  end if;
  if r.kind = 'service' then
    select null::uuid as user_id, null::uuid as home, c.client_id into o from gatehouse.clients c
      where c.tenant_id = k.tenant_id and c.id = k.owner_id and c.status = 'active';
  else
    select m.user_id, m.user_tenant_id as home, null::text as client_id into o from gatehouse.memberships m
      where m.tenant_id = k.tenant_id and m.id = k.owner_id;
  end if;
  if not found then
    return;
  end if;
  if o.user_id is not null then
    perform set_config('gatehouse.tenant_id', o.home::text, true);
    if not exists (select from gatehouse.users u join gatehouse.tenants h on h.id = u.tenant_id and h.status = 'active'
        where u.tenant_id = o.home and u.id = o.user_id and u.status = 'active') then
      return;
    end if;
  end if;
  return query select k.tenant_id, k.id, k.shown_as, k.scopes, k.allowed_addresses, k.expires_at, k.last_used_at,
    case when o.user_id is null then 'service' else 'user' end, o.user_id, o.home, o.client_id, r.role_names, r.tenant_permissions;
end $$;
alter function api_key_context(bytea, timestamptz) owner to gatehouse_session;

revoke create on schema gatehouse from gatehouse_session, gatehouse_granter;
revoke execute on function drop_key_principal(), roles_of_principal(uuid, uuid, timestamptz), api_key_context(bytea, timestamptz) from public;
grant execute on function api_key_context(bytea, timestamptz) to gatehouse_login;
