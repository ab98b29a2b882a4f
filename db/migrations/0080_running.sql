set local search_path = gatehouse, pg_catalog;

-- The span in which a message was written, so that its delivery is found in the same trace. Null where nothing is traced.
alter table outbox add column span_id text check (span_id ~ '^[0-9a-f]{16}$');

grant create on schema gatehouse to gatehouse_sealer;

-- How far the sealer is behind, in all tenants: numbers for metrics, and nothing of any record.
create function unsealed_audit_backlog() returns table (waiting bigint, oldest timestamptz)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select count(*), min(u.occurred_at) from gatehouse.audit_unsealed u
$$;
alter function unsealed_audit_backlog() owner to gatehouse_sealer;

revoke create on schema gatehouse from gatehouse_sealer;
revoke execute on function unsealed_audit_backlog() from public;
grant execute on function unsealed_audit_backlog() to gatehouse_system;
