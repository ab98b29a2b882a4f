-- Renewals that come together are one statement and one commit (ADR 0069). No SECURITY DEFINER: it may do what its caller may,
-- and each call inside enters the tenant of its own session.

set local search_path = gatehouse, pg_catalog;

-- What renew_session_as_json() answers to each, in the order of the requests; null where a session is gone. The arrays are of one
-- length. A session whose row somebody else holds is waited for shortly: then all of it fails (lock_not_available), and the caller
-- asks for each alone. That is long before the deadlock detector looks for somebody to blame, who may be an administrator.
create function renew_sessions_as_json(
  p_tenants uuid[], p_sessions uuid[], p_generations integer[], p_secret_hashes bytea[], p_agent_hashes bytea[], p_clients text[],
  p_now timestamptz, p_idle interval, p_replay_window interval, p_limit integer)
returns json
language plpgsql volatile set search_path = pg_catalog, gatehouse, pg_temp set lock_timeout = '50ms' as $$
begin
  return (select json_agg(gatehouse.renew_session_as_json(
      r.tenant, r.session, r.generation, r.secret_hash, r.agent_hash, r.client, p_now, p_idle, p_replay_window, p_limit))
    from unnest(p_tenants, p_sessions, p_generations, p_secret_hashes, p_agent_hashes, p_clients)
      as r (tenant, session, generation, secret_hash, agent_hash, client));
end $$;

revoke execute on function renew_sessions_as_json(
  uuid[], uuid[], integer[], bytea[], bytea[], text[], timestamptz, interval, interval, integer) from public;
grant execute on function renew_sessions_as_json(
  uuid[], uuid[], integer[], bytea[], bytea[], text[], timestamptz, interval, interval, integer) to gatehouse_login;
