-- Nobody can grant for longer than they hold (spec R2): who is an administrator for a day could otherwise make it for good,
-- for themselves too. `grant_role` is as in 0002 but for the second check.

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter;
set local role gatehouse_granter;

create or replace function grant_role(
  p_id uuid, p_principal uuid, p_role uuid, p_granter_tenant uuid, p_granter uuid, p_via text, p_expires_at timestamptz, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  role record;
  inserted boolean;
begin
  -- One change of roles at a time in a tenant: two administrators who change each other wait, and do not deadlock.
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
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
  -- A granter of another tenant is not under the lock above: its assignments stay until this grant commits, so that no
  -- grant outlives its ground.
  perform 1 from gatehouse.role_assignments a where a.tenant_id = p_granter_tenant and a.principal_id = p_granter for share;
  if exists (
    select g.permission from gatehouse.role_permissions g where g.role_id = p_role
    except
    select gatehouse.held_permissions(p_granter_tenant, p_granter, p_now)
  ) then
    return 'exceeds_own';
  end if;
  -- What is held until a day can be given until that day; `>=` with a null, a grant for good, is met by no day at all.
  if exists (
    select g.permission from gatehouse.role_permissions g where g.role_id = p_role
    except
    select h.permission from gatehouse.role_assignments a
      join gatehouse.role_permissions h on h.role_id = a.role_id
      where a.tenant_id = p_granter_tenant and a.principal_id = p_granter
        and (a.expires_at is null or a.expires_at >= p_expires_at)
  ) then
    return 'outlasts_own';
  end if;
  insert into gatehouse.role_assignments as a (tenant_id, principal_id, role_id, id, via, granted_by, granted_by_tenant, expires_at, created_at)
    values (target, p_principal, p_role, p_id, p_via, p_granter, p_granter_tenant, p_expires_at, p_now)
    on conflict (tenant_id, principal_id, role_id) do update
      set expires_at = excluded.expires_at, via = excluded.via, granted_by = excluded.granted_by, granted_by_tenant = excluded.granted_by_tenant
      where a.expires_at is distinct from excluded.expires_at
    returning a.xmax = 0 into inserted;
  return case when not found then 'held' when inserted then 'granted' else 'changed' end;
end $$;

set local role gatehouse_owner;
revoke create on schema gatehouse from gatehouse_granter;
