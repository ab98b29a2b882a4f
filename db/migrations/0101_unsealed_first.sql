-- What waits to be sealed, as before (0010): the next of the queue first, then their records. In one join, a queue that had grown
-- long was joined to its records as a whole for each batch, once statistics knew how long it was: a backlog of 150 000 was sealed
-- at a thousand records a second, a longer one ever slower.

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_sealer;

create or replace function unsealed_audit_records(p_after uuid, p_limit integer) returns table (
  tenant_id uuid, id uuid, "time" text, action text, actor_kind text, actor_id uuid, actor_tenant_id uuid,
  resource_type text, resource_id text, before jsonb, after jsonb, context jsonb, correlation_id text)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  with waiting as materialized (
    select u.tenant_id, u.record_id, u.occurred_at from gatehouse.audit_unsealed u
      where u.tenant_id > p_after
      order by u.tenant_id, u.record_id
      limit p_limit)
  select r.tenant_id, r.id, to_char(r.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), r.action, r.actor_kind,
      r.actor_id, r.actor_tenant_id, r.resource_type, r.resource_id, r.before, r.after, r.context, r.correlation_id
    from waiting w
    join gatehouse.audit_records r on r.tenant_id = w.tenant_id and r.id = w.record_id and r.occurred_at = w.occurred_at
    order by w.tenant_id, w.record_id
$$;

revoke create on schema gatehouse from gatehouse_sealer;
