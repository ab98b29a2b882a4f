-- Logos of tenants, drawn anew by this server, and what pages before sign-in show of a tenant (docs/adr/0047-branding-is-drawn-anew.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup;

create table tenant_logos (
  tenant_id uuid not null references tenants (id),
  digest bytea not null,
  image bytea not null check (octet_length(image) <= 524288),
  width integer not null check (width between 1 and 1024),
  height integer not null check (height between 1 and 1024),
  created_at timestamptz not null,
  primary key (tenant_id)
);
create index tenant_logos_digest on tenant_logos (digest);

-- The picture of that name, which is the digest of its bytes: whoever knows it has seen it. Owner: gatehouse_lookup.
create function find_logo(p_digest bytea)
returns table (image bytea)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query
    select l.image from gatehouse.tenant_logos l
    join gatehouse.tenants t on t.id = l.tenant_id and t.status = 'active'
    where l.digest = p_digest limit 1;
end $$;
alter function find_logo(bytea) owner to gatehouse_lookup;

-- What a page before sign-in is to look like: of the tenant that is named by its id or slug, else of the client's.
create function find_branding(p_tenant text, p_client_id text)
returns table (id uuid, name text, settings jsonb, digest bytea, width integer, height integer)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
  target uuid;
begin
  if p_tenant ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    target := p_tenant::uuid;
  elsif p_tenant is not null then
    select t.id into target from gatehouse.tenants t where t.slug = p_tenant;
  else
    select c.tenant_id into target from gatehouse.clients c where c.client_id = p_client_id;
  end if;
  return query
    select t.id, t.name, t.settings, l.digest, l.width, l.height
    from gatehouse.tenants t left join gatehouse.tenant_logos l on l.tenant_id = t.id
    where t.id = target and t.status = 'active';
end $$;
alter function find_branding(text, text) owner to gatehouse_lookup;

revoke create on schema gatehouse from gatehouse_lookup;
revoke execute on function find_logo(bytea), find_branding(text, text) from public;
grant execute on function find_logo(bytea), find_branding(text, text) to gatehouse_login;
