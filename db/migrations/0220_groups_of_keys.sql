-- What a key's owner holds through groups counts for the key as well (docs/adr/0083, 0086).

set local search_path = gatehouse, pg_catalog;

-- As before, through groups too, and without the name of an own role that a later release gives to a built-in one.
create or replace function roles_of_principal(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns table (kind text, role_names text[], tenant_permissions text[])
language sql stable set search_path = pg_catalog, gatehouse as $$
  select p.kind,
         coalesce(array_agg(distinct r.name) filter (where r.name is not null and (r.tenant_id is null
           or not exists (select from gatehouse.roles b where b.tenant_id is null and b.name = r.name))), '{}'),
         coalesce((select array_agg(distinct g.permission) from gatehouse.role_permissions g
           where g.tenant_id is not null and g.role_id = any (array_agg(r.id))), '{}')
    from gatehouse.principals p
    left join gatehouse.held_roles a on a.tenant_id = p.tenant_id and a.principal_id = p.id
      and (a.expires_at is null or a.expires_at > p_now)
    left join gatehouse.roles r on r.id = a.role_id
    where p.tenant_id = p_tenant and p.id = p_principal and p.status = 'active'
    group by p.kind
$$;
