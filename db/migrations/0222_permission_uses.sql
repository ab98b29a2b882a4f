-- Which permissions were used, by whom, and on which day last: grants that nobody uses are found by it (spec R2).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter;

create table permission_uses (
  tenant_id uuid not null,
  principal_id uuid not null,
  permission text not null,
  used_on date not null,
  primary key (tenant_id, principal_id, permission),
  foreign key (tenant_id, principal_id) references principals (tenant_id, id) on delete cascade
);

-- A batch of what was used; what a key uses, its owner does. In the order of the key, so that two processes do not wait in a circle.
create function note_permission_uses(p_tenants uuid[], p_principals uuid[], p_permissions text[], p_day date) returns void
language sql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  insert into gatehouse.permission_uses as u (tenant_id, principal_id, permission, used_on)
    select distinct n.tenant, p.id, n.permission, p_day
      from unnest(p_tenants, p_principals, p_permissions) as n (tenant, principal, permission)
      left join gatehouse.api_keys k on k.tenant_id = n.tenant and k.id = n.principal
      join gatehouse.principals p on p.tenant_id = n.tenant and p.id = coalesce(k.owner_id, n.principal)
      order by n.tenant, p.id, n.permission
    on conflict (tenant_id, principal_id, permission) do update set used_on = excluded.used_on where u.used_on < excluded.used_on
$$;
alter function note_permission_uses(uuid[], uuid[], text[], date) owner to gatehouse_granter;

-- Since when uses are noted: what was granted before is unused since then, at most.
do $do$ begin
  execute format($f$create function uses_noted_since() returns timestamptz
    language sql stable set search_path = pg_catalog as $g$ select %L::timestamptz $g$$f$, now());
end $do$;

revoke create on schema gatehouse from gatehouse_granter;
revoke execute on function note_permission_uses(uuid[], uuid[], text[], date), uses_noted_since() from public;
grant execute on function note_permission_uses(uuid[], uuid[], text[], date) to gatehouse_system;
grant execute on function uses_noted_since() to gatehouse_app;
