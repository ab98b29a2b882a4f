-- Services ask for decisions about others (AuthZEN): what a subject stands for in the tenant of whoever asks (docs/adr/0088).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_session;

-- A user by the id of the account, a service by its client_id, an API key by its id; nothing of what does not stand there. It enters that
-- tenant, and the home of a person for whether the account is active. A key has the scopes that it was given, and what its owner holds.
create function subject_context(p_tenant uuid, p_type text, p_id text, p_now timestamptz)
returns table (principal_id uuid, owner_id uuid, scopes text[], role_names text[], tenant_permissions text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  subject uuid;
  acting uuid;
  named text[];
  r record;
  o record;
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  if p_type = 'user' then
    select m.id into subject from gatehouse.memberships m where m.tenant_id = p_tenant and m.user_id = p_id::uuid;
    acting := subject;
  elsif p_type = 'service' then
    select c.id into subject from gatehouse.clients c
      where c.tenant_id = p_tenant and c.client_id = p_id and c.kind = 'service' and c.status = 'active';
    acting := subject;
  else
    select k.id, k.owner_id, k.scopes into subject, acting, named from gatehouse.api_keys k
      where k.tenant_id = p_tenant and k.id = p_id::uuid and (k.expires_at is null or k.expires_at > p_now);
  end if;
  if subject is null or not exists (select from gatehouse.tenants t where t.id = p_tenant and t.status = 'active') then
    return;
  end if;
  select * into r from gatehouse.roles_of_principal(p_tenant, acting, p_now);
  if not found then
    return;
  end if;
  if r.kind = 'service' then
    if not exists (select from gatehouse.clients c where c.tenant_id = p_tenant and c.id = acting and c.status = 'active') then
      return;
    end if;
  else
    select m.user_id, m.user_tenant_id as home into o from gatehouse.memberships m where m.tenant_id = p_tenant and m.id = acting;
    if not found then
      return;
    end if;
    perform set_config('gatehouse.tenant_id', o.home::text, true);
    if not exists (select from gatehouse.users u join gatehouse.tenants h on h.id = u.tenant_id and h.status = 'active'
        where u.tenant_id = o.home and u.id = o.user_id and u.status = 'active') then
      return;
    end if;
  end if;
  return query select subject, acting, named, r.role_names, r.tenant_permissions;
end $$;
alter function subject_context(uuid, text, text, timestamptz) owner to gatehouse_session;

revoke create on schema gatehouse from gatehouse_session;
revoke execute on function subject_context(uuid, text, text, timestamptz) from public;
grant execute on function subject_context(uuid, text, text, timestamptz) to gatehouse_login;

-- The log is read newest first.
create index decisions_by_time on decisions (tenant_id, occurred_at desc, id desc);
