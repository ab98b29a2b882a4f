-- Renewal answered with one value: PostgreSQL spends a sixth less on it than on a row of fourteen columns out of a function that
-- returns a set, and the client less as well (ADR 0044). Owner: gatehouse_session, as of renew_session(), which serves the
-- release before this one and whatever is not the ordinary case.

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_session;

-- Null when the session is gone. The UPDATE is that of renew_session() at home, word for word.
create function renew_session_as_json(
  p_tenant uuid, p_session uuid, p_generation integer, p_secret_hash bytea, p_agent_hash bytea, p_client text,
  p_now timestamptz, p_idle interval, p_replay_window interval, p_limit integer)
returns json
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  renewal json;
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
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
    returning json_build_object(
      'outcome', 'renewed', 'new_generation', x.generation, 'rotated_at', x.rotated_at,
      'limit_resets_at', x.renewals_since + interval '1 minute', 'remaining', greatest(p_limit - x.renewals, 0),
      'user_id', u.id, 'email', u.email, 'name', u.name, 'user_created_at', u.created_at, 'active_tenant_id', x.active_tenant_id,
      'session_expires_at', least(x.expires_at, x.idle_expires_at), 'amr', x.amr, 'auth_time', x.auth_time, 'role_names', p.role_names)
    into renewal;
  if not found then
    select row_to_json(r) into renewal from gatehouse.renew_session(
      p_tenant, p_session, p_generation, p_secret_hash, p_agent_hash, p_client, p_now, p_idle, p_replay_window, p_limit) r;
  end if;
  return renewal;
end $$;
alter function renew_session_as_json(uuid, uuid, integer, bytea, bytea, text, timestamptz, interval, interval, integer) owner to gatehouse_session;

revoke create on schema gatehouse from gatehouse_session;
revoke execute on function renew_session_as_json(uuid, uuid, integer, bytea, bytea, text, timestamptz, interval, interval, integer) from public;
grant execute on function renew_session_as_json(uuid, uuid, integer, bytea, bytea, text, timestamptz, interval, interval, integer) to gatehouse_login;
