-- Who makes a key for a service, or is shown a secret of one, can act as it from then on. Whether they may is judged as a grant is:
-- by what they hold where it counts, and for as long as they hold it (spec R2, threat 72).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter;

create function judge_holding(p_permissions text[], p_until timestamptz, p_holder_tenant uuid, p_holder uuid, p_now timestamptz)
returns text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform gatehouse.lock_roles(p_holder_tenant, p_holder);
  return gatehouse.judge_grant(p_permissions, p_until, p_holder_tenant, p_holder, p_now);
end $$;
alter function judge_holding(text[], timestamptz, uuid, uuid, timestamptz) owner to gatehouse_granter;

-- A role of a key would never show in what the key may, and would count all the same where the key gives roles.
create function refuse_roles_of_keys() returns trigger
language plpgsql set search_path = pg_catalog, gatehouse as $$
begin
  if exists (select from gatehouse.principals p where p.tenant_id = new.tenant_id and p.id = new.principal_id and p.kind = 'api_key') then
    raise exception 'an API key holds no role' using errcode = 'check_violation';
  end if;
  return new;
end $$;
alter function refuse_roles_of_keys() owner to gatehouse_granter;
create trigger refuse_roles_of_keys before insert on role_assignments for each row execute function refuse_roles_of_keys();

revoke create on schema gatehouse from gatehouse_granter;
revoke execute on function judge_holding(text[], timestamptz, uuid, uuid, timestamptz), refuse_roles_of_keys() from public;
grant execute on function judge_holding(text[], timestamptz, uuid, uuid, timestamptz) to gatehouse_app;
