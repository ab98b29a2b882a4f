-- What a session is worth, and its renewal: the two hottest statements (docs/security/rls-exceptions.md, ADR 0021). Their owner,
-- gatehouse_session, is held by row security to the tenant that they enter.

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_session;

-- The same as session_context(), for a session that works in another tenant than its home, and where a role of its user has an
-- end: it enters the home tenant for the session, then the active one for the rest, and reads each assignment.
create function session_context_in_full(p_tenant uuid, p_session uuid, p_now timestamptz)
returns table (
  user_id uuid, email text, name text, user_status text, user_created_at timestamptz, client_id text, active_tenant_id uuid,
  tenant_name text, tenant_type text, tenant_status text, principal_id uuid, session_created_at timestamptz, session_expires_at timestamptz,
  amr text[], auth_time timestamptz, role_names text[], tenant_permissions text[])
language plpgsql volatile set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  s record;
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  select x.user_id as user_id, u.email as email, u.name as name, u.status as user_status, u.created_at as user_created_at,
         x.client_id as client_id, x.active_tenant_id as active_tenant_id, x.created_at as created_at,
         least(x.expires_at, x.idle_expires_at) as expires_at, x.amr as amr, x.auth_time as auth_time
    into s
    from gatehouse.sessions x
    join gatehouse.users u on u.tenant_id = x.tenant_id and u.id = x.user_id
    join gatehouse.tenants h on h.id = x.tenant_id
    join gatehouse.clients c on c.client_id = x.client_id and c.status = 'active'
      and c.tenant_id in (x.tenant_id, gatehouse.root_tenant())
    where x.tenant_id = p_tenant and x.id = p_session and x.ended_at is null
      and x.expires_at > p_now and x.idle_expires_at > p_now and u.status = 'active' and h.status = 'active';
  if not found then
    return;
  end if;
  if s.active_tenant_id <> p_tenant then
    perform set_config('gatehouse.tenant_id', s.active_tenant_id::text, true);
  end if;
  return query
    select s.user_id, s.email, s.name, s.user_status, s.user_created_at, s.client_id, s.active_tenant_id, t.name, t.type, t.status, m.id,
           s.created_at, s.expires_at, s.amr, s.auth_time,
           coalesce((select array_agg(r.name order by r.name) from gatehouse.role_assignments a join gatehouse.roles r on r.id = a.role_id
             where a.tenant_id = m.tenant_id and a.principal_id = m.id and (a.expires_at is null or a.expires_at > p_now) and r.tenant_id is null), '{}'),
           coalesce((select array_agg(distinct g.permission) from gatehouse.role_assignments a join gatehouse.roles o on o.id = a.role_id and o.tenant_id is not null
             join gatehouse.role_permissions g on g.role_id = o.id where a.tenant_id = m.tenant_id and a.principal_id = m.id and (a.expires_at is null or a.expires_at > p_now) and g.tenant_id is not null), '{}')
    from gatehouse.memberships m
    join gatehouse.principals p on p.tenant_id = m.tenant_id and p.id = m.id
    join gatehouse.tenants t on t.id = m.tenant_id
    where m.tenant_id = s.active_tenant_id and m.user_tenant_id = p_tenant and m.user_id = s.user_id
      and p.status = 'active' and t.status = 'active';
end $$;
alter function session_context_in_full(uuid, uuid, timestamptz) owner to gatehouse_session;

-- What the session of a verified access token stands for right now: the hottest statement of all, on every request. Owner:
-- gatehouse_session, which row security holds to the tenant that the function enters.
create function session_context(p_tenant uuid, p_session uuid, p_now timestamptz)
returns table (
  user_id uuid, email text, name text, user_status text, user_created_at timestamptz, client_id text, active_tenant_id uuid,
  tenant_name text, tenant_type text, tenant_status text, principal_id uuid, session_created_at timestamptz, session_expires_at timestamptz,
  amr text[], auth_time timestamptz, role_names text[], tenant_permissions text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  return query
    select u.id, u.email, u.name, u.status, u.created_at, x.client_id, x.active_tenant_id, t.name, t.type, t.status, p.id,
           x.created_at, least(x.expires_at, x.idle_expires_at), x.amr, x.auth_time, p.role_names,
           case when p.own_role_ids = '{}' then '{}'::text[] else coalesce(
             (select array_agg(distinct g.permission) from gatehouse.role_permissions g where g.role_id = any (p.own_role_ids)), '{}') end
    from gatehouse.sessions x
    join gatehouse.clients c on c.client_id = x.client_id and c.status = 'active'
      and c.tenant_id in (x.tenant_id, gatehouse.root_tenant())
    join gatehouse.users u on u.tenant_id = x.tenant_id and u.id = x.user_id and u.status = 'active'
    join gatehouse.tenants t on t.id = x.tenant_id and t.status = 'active'
    join gatehouse.principals p on p.tenant_id = x.tenant_id and p.id = x.home_principal_id and p.status = 'active'
    where x.tenant_id = p_tenant and x.id = p_session and x.active_tenant_id = p_tenant
      and x.ended_at is null and x.expires_at > p_now and x.idle_expires_at > p_now
      and (p.roles_until is null or p.roles_until > p_now);
  if not found then
    return query select * from gatehouse.session_context_in_full(p_tenant, p_session, p_now);
  end if;
end $$;
alter function session_context(uuid, uuid, timestamptz) owner to gatehouse_session;

-- Renewal: one conditional UPDATE decides. Who loses learns why: `limited`, `replay` (the generation before, within the
-- window, same browser; `replay again` after the first of a generation), `spent` (any other generation: the caller ends the family) or `gone`. It answers with what the
-- tokens and the answer say, and no more. Neither tenants nor clients are asked at home: suspending one ends its sessions in
-- the same transaction, and a session that is being opened then waits for it (`insertSession`).
create function renew_session(
  p_tenant uuid, p_session uuid, p_generation integer, p_secret_hash bytea, p_agent_hash bytea, p_client text,
  p_now timestamptz, p_idle interval, p_replay_window interval, p_limit integer)
returns table (
  outcome text, new_generation integer, rotated_at timestamptz, limit_resets_at timestamptz, remaining integer,
  user_id uuid, email text, name text, user_created_at timestamptz, active_tenant_id uuid, session_expires_at timestamptz,
  amr text[], auth_time timestamptz, role_names text[])
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
  s record;
  verdict text;
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  -- At home, where nearly every session works, the UPDATE answers with all of it.
  return query
    update gatehouse.sessions x set
      generation = x.generation + 1,
      rotated_at = p_now,
      replays = 0,
      last_used_at = p_now,
      idle_expires_at = least(p_now + p_idle, x.expires_at),
      renewals = case when x.renewals_since > p_now - interval '1 minute' then x.renewals + 1 else 1 end,
      renewals_since = case when x.renewals_since > p_now - interval '1 minute' then x.renewals_since else p_now end
    from gatehouse.users u, gatehouse.principals p
    where x.tenant_id = p_tenant and x.id = p_session and x.active_tenant_id = p_tenant and x.generation = p_generation
      and x.family_secret_hash = p_secret_hash and x.client_id = p_client
      and x.ended_at is null and x.expires_at > p_now and x.idle_expires_at > p_now
      and (x.renewals < p_limit or x.renewals_since <= p_now - interval '1 minute')
      and u.tenant_id = p_tenant and u.id = x.user_id and u.status = 'active'
      and p.tenant_id = p_tenant and p.id = x.home_principal_id and p.status = 'active'
      and (p.roles_until is null or p.roles_until > p_now)
    returning 'renewed', x.generation, x.rotated_at, x.renewals_since + interval '1 minute', greatest(p_limit - x.renewals, 0),
      u.id, u.email, u.name, u.created_at, x.active_tenant_id, least(x.expires_at, x.idle_expires_at), x.amr, x.auth_time, p.role_names;
  if found then
    return;
  end if;
  -- In another tenant, or with roles that end: the same UPDATE for whatever the session still stands for, which the last statement
  -- reads in full.
  perform 1 from gatehouse.session_context_in_full(p_tenant, p_session, p_now);
  if not found then
    return;
  end if;
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  update gatehouse.sessions x set
      generation = x.generation + 1,
      rotated_at = p_now,
      replays = 0,
      last_used_at = p_now,
      idle_expires_at = least(p_now + p_idle, x.expires_at),
      renewals = case when x.renewals_since > p_now - interval '1 minute' then x.renewals + 1 else 1 end,
      renewals_since = case when x.renewals_since > p_now - interval '1 minute' then x.renewals_since else p_now end
    where x.tenant_id = p_tenant and x.id = p_session and x.generation = p_generation
      and x.family_secret_hash = p_secret_hash and x.client_id = p_client
      and x.ended_at is null and x.expires_at > p_now and x.idle_expires_at > p_now
      and (x.renewals < p_limit or x.renewals_since <= p_now - interval '1 minute')
    returning x.generation, x.rotated_at, x.renewals_since, x.renewals into s;
  if found then
    verdict := 'renewed';
  else
    select x.generation, x.rotated_at, x.renewals_since, x.renewals, x.agent_hash, x.replays into s from gatehouse.sessions x
      where x.tenant_id = p_tenant and x.id = p_session and x.family_secret_hash = p_secret_hash and x.client_id = p_client
        and x.ended_at is null and x.expires_at > p_now and x.idle_expires_at > p_now;
    verdict := case
      when not found then 'gone'
      when s.generation = p_generation then 'limited'
      when s.generation = p_generation + 1 and s.rotated_at > p_now - p_replay_window and s.agent_hash = p_agent_hash then 'replay'
      else 'spent' end;
    -- The same answer again costs no rotation, but it is counted, and only the first of a generation goes on record.
    if verdict = 'replay' then
      update gatehouse.sessions x set replays = x.replays + 1
        where x.tenant_id = p_tenant and x.id = p_session and x.generation = s.generation and x.replays < p_limit
        returning x.replays into s.replays;
      verdict := case when not found then 'limited' when s.replays > 1 then 'replay again' else 'replay' end;
    end if;
  end if;
  if verdict <> 'gone' then
    return query select verdict, s.generation, s.rotated_at, s.renewals_since + interval '1 minute', greatest(p_limit - s.renewals, 0),
      c.user_id, c.email, c.name, c.user_created_at, c.active_tenant_id, c.session_expires_at, c.amr, c.auth_time, c.role_names
      from gatehouse.session_context_in_full(p_tenant, p_session, p_now) c;
  end if;
end $$;
alter function renew_session(uuid, uuid, integer, bytea, bytea, text, timestamptz, interval, interval, integer) owner to gatehouse_session;

revoke create on schema gatehouse from gatehouse_session;
revoke execute on function session_context(uuid, uuid, timestamptz), session_context_in_full(uuid, uuid, timestamptz),
  renew_session(uuid, uuid, integer, bytea, bytea, text, timestamptz, interval, interval, integer) from public;
grant execute on function session_context(uuid, uuid, timestamptz) to gatehouse_app;
grant execute on function session_context(uuid, uuid, timestamptz),
  renew_session(uuid, uuid, integer, bytea, bytea, text, timestamptz, interval, interval, integer) to gatehouse_login;
