-- Who gives roles has to stand, and so does the tenant that is their home: what a suspended partner's people gave counts no more
-- (docs/adr/0074).

set local search_path = gatehouse, pg_catalog;

create or replace function held_permissions(p_tenant uuid, p_principal uuid, p_now timestamptz)
returns setof text
language sql stable set search_path = pg_catalog, gatehouse as $$
  select h.permission from gatehouse.role_assignments a
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
$$;
