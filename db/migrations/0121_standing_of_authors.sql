-- Whoever acts through something that they left behind, such as a connection, counts as long as they stand themselves (ADR 0065).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter;

-- As before, and only while the person is an active user at home: suspending somebody touches the user alone, and no principal.
create or replace function held_permissions(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns setof text
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission from gatehouse.role_assignments a
    join gatehouse.principals p on p.tenant_id = a.tenant_id and p.id = a.principal_id and p.status = 'active'
    join gatehouse.role_permissions h on h.role_id = a.role_id
    where a.tenant_id = p_tenant and a.principal_id = p_principal and (a.expires_at is null or a.expires_at > p_now)
      and (p.kind <> 'member' or exists (
        select from gatehouse.memberships m join gatehouse.users u on u.tenant_id = m.user_tenant_id and u.id = m.user_id
          where m.tenant_id = p.tenant_id and m.id = p.id and u.status = 'active'))
      and (p_tenant = gatehouse.current_tenant()
           or p_tenant = gatehouse.root_tenant()
           or exists (select from gatehouse.tenants t where t.id = gatehouse.current_tenant() and t.parent_id = p_tenant))
$$;

-- What the author of something in the entered tenant holds now, as a grant in their name would find it.
create function permissions_of_author(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns setof text
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select distinct gatehouse.held_permissions(p_tenant, p_principal, p_now)
$$;
alter function permissions_of_author(uuid, uuid, timestamptz) owner to gatehouse_granter;

revoke create on schema gatehouse from gatehouse_granter;
revoke execute on function permissions_of_author(uuid, uuid, timestamptz) from public;
grant execute on function permissions_of_author(uuid, uuid, timestamptz) to gatehouse_app;
