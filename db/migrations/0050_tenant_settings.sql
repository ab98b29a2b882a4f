-- Settings of tenants are enforced: how many users, how long a session (docs/adr/0046-settings-ride-along.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup, gatehouse_session;

-- What a process remembers of a tenant's settings. Owner: gatehouse_lookup.
create function find_tenant_settings(p_tenant uuid)
returns table (name text, settings jsonb, settings_version integer)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query select t.name, t.settings, t.settings_version from gatehouse.tenants t where t.id = p_tenant;
end $$;
alter function find_tenant_settings(uuid) owner to gatehouse_lookup;
revoke execute on function find_tenant_settings(uuid) from public;
grant execute on function find_tenant_settings(uuid) to gatehouse_login;

-- The log tells processes of changed settings as well. That ends nothing, and is nobody's business but the server's.
alter table revocations drop constraint revocations_kind_check;
alter table revocations add constraint revocations_kind_check
  check (kind in ('session', 'user', 'principal', 'tenant', 'client', 'settings'));

create or replace function revocations_after(p_xid xid8, p_seq bigint, p_tenant uuid, p_limit integer)
returns table (
  horizon text, newest text, read_at timestamptz, xid text, seq bigint, tenant_id uuid, kind text, subject_id uuid, user_id uuid,
  client_id text, created_at timestamptz, seen_by uuid[])
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select pg_snapshot_xmin(s.now)::text, pg_snapshot_xmax(s.now)::text, clock_timestamp(),
         r.xid::text, r.seq, r.tenant_id, r.kind, r.subject_id, r.user_id, r.client_id, r.created_at,
         array(select m.tenant_id from gatehouse.memberships m where m.user_tenant_id = r.tenant_id and m.tenant_id <> r.tenant_id
           and (r.kind = 'tenant' or m.user_id = r.user_id))
  from (select pg_current_snapshot() as now) s
  left join lateral (
    select x.* from gatehouse.revocations x
    where (x.xid, x.seq) > (p_xid, p_seq)
      and (p_tenant is null or (x.kind <> 'settings' and (x.tenant_id = p_tenant or (x.kind = 'client' and x.tenant_id = gatehouse.root_tenant())
        or exists (select from gatehouse.memberships m where m.user_tenant_id = x.tenant_id and m.tenant_id = p_tenant
          and (x.kind = 'tenant' or m.user_id = x.user_id)))))
    order by x.xid, x.seq
    limit p_limit) r on true
  order by r.xid, r.seq
$$;

-- A tenant has no more members than it may have, whoever adds them and however many at once: the INSERT itself is refused. Who adds
-- waits for whoever adds at the same time; who removes waits for nobody, since fewer members are never too many. Counting and not a
-- counter: a counter would be one more row that adding and removing lock, in the other order.
create function refuse_members_beyond_limit() returns trigger
language plpgsql volatile set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  t record;
begin
  for t in
    select distinct x.id, (x.settings #>> '{limits,users}')::bigint as most
    from added a join gatehouse.tenants x on x.id = a.tenant_id
    where x.settings #>> '{limits,users}' is not null
  loop
    perform pg_advisory_xact_lock(hashtextextended('members of ' || t.id::text, 0));
    -- The limit as well as the count as they stand behind the lock.
    if (select count(*) from gatehouse.memberships m where m.tenant_id = t.id)
       > (select (x.settings #>> '{limits,users}')::bigint from gatehouse.tenants x where x.id = t.id) then
      raise exception 'the tenant has as many users as it may have' using errcode = 'GH001';
    end if;
  end loop;
  return null;
end $$;
create trigger refuse_members_beyond_limit after insert on memberships
  referencing new table as added for each statement execute function refuse_members_beyond_limit();
revoke execute on function refuse_members_beyond_limit() from public;

-- How long this session may lie idle, where its tenant says less than the deployment.
alter table sessions add column idle_minutes integer;

-- As before, but for the length of idleness that the session carries.
create or replace function renew_session(
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
      idle_expires_at = least(p_now + least(p_idle, make_interval(mins => x.idle_minutes)), x.expires_at),
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
      idle_expires_at = least(p_now + least(p_idle, make_interval(mins => x.idle_minutes)), x.expires_at),
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

revoke create on schema gatehouse from gatehouse_lookup, gatehouse_session;
