-- Retention of the audit trail, for each tenant (spec A6; docs/adr/0051-retention-leaves-a-signed-checkpoint.md).

set local search_path = gatehouse, pg_catalog;
grant usage on schema gatehouse to gatehouse_retention;

-- How long records are kept, and how far they are gone. No row: for good, and none is gone.
create table audit_retention (
  tenant_id uuid primary key references tenants (id),
  days integer check (days between 1 and 36500),
  -- Records below this number are removed; the note, signed by the audit key, says so, with the root of the tree of them.
  removed_below bigint not null default 0 check (removed_below >= 0),
  checkpoint text,
  -- Each of them happened before.
  removed_before timestamptz,
  updated_at timestamptz not null,
  check ((removed_below = 0) = (checkpoint is null)),
  check ((removed_below = 0) = (removed_before is null))
);

grant create on schema gatehouse to gatehouse_retention;

-- The only way on which a record leaves: a run of numbers that begins where the last removal ended, each sealed, each older than
-- the tenant keeps them, behind a note for just that size; all of it or none. Hashes stay as far as proofs of the rest need them:
-- the subtrees, and the seals of a block of 256 that is not gone whole. False where somebody else was first, or the setting has
-- changed.
create function remove_audit_records(
  p_tenant uuid, p_from bigint, p_to bigint, p_before timestamptz, p_checkpoint text, p_now timestamptz)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  run record;
begin
  update gatehouse.audit_retention r
    set removed_below = p_to, checkpoint = p_checkpoint, removed_before = greatest(r.removed_before, p_before), updated_at = p_now
    where r.tenant_id = p_tenant and r.removed_below = p_from and p_to > p_from
      and p_before <= p_now - make_interval(days => r.days);
  if not found then
    return false;
  end if;
  select count(*) as number, max(s.occurred_at) as newest into run from gatehouse.audit_seals s
    where s.tenant_id = p_tenant and s.seq >= p_from and s.seq < p_to;
  if run.number <> p_to - p_from or run.newest >= p_before then
    raise exception 'records are removed in a row, and only what is sealed and old enough' using errcode = 'check_violation';
  end if;
  perform set_config('gatehouse.retained_tenant', p_tenant::text, true);
  delete from gatehouse.audit_records r using gatehouse.audit_seals s
    where s.tenant_id = p_tenant and s.seq >= p_from and s.seq < p_to
      and r.tenant_id = s.tenant_id and r.id = s.record_id and r.occurred_at = s.occurred_at;
  delete from gatehouse.audit_seals s where s.tenant_id = p_tenant and s.seq < p_to / 256 * 256;
  perform set_config('gatehouse.retained_tenant', '', true);
  return true;
end $$;
alter function remove_audit_records(uuid, bigint, bigint, timestamptz, text, timestamptz) owner to gatehouse_retention;

-- Permits are no audit record and have no seal; they go after as long, some at a time.
create function remove_decisions(p_tenant uuid, p_before timestamptz, p_limit integer, p_now timestamptz)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  removed integer;
begin
  if not exists (select from gatehouse.audit_retention r where r.tenant_id = p_tenant and p_before <= p_now - make_interval(days => r.days)) then
    return 0;
  end if;
  perform set_config('gatehouse.retained_tenant', p_tenant::text, true);
  delete from gatehouse.decisions d where (d.tenant_id, d.id, d.occurred_at) in (
    select o.tenant_id, o.id, o.occurred_at from gatehouse.decisions o
    where o.tenant_id = p_tenant and o.occurred_at < p_before limit p_limit);
  get diagnostics removed = row_count;
  perform set_config('gatehouse.retained_tenant', '', true);
  return removed;
end $$;
alter function remove_decisions(uuid, timestamptz, integer, timestamptz) owner to gatehouse_retention;

-- For drop_empty_months(), whose owner row security shows no row: an empty answer to it would say nothing.
create function has_rows_between(p_parent text, p_from timestamptz, p_to timestamptz) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return case p_parent
    when 'audit_records' then exists (select from gatehouse.audit_records r where r.occurred_at >= p_from and r.occurred_at < p_to)
    when 'decisions' then exists (select from gatehouse.decisions d where d.occurred_at >= p_from and d.occurred_at < p_to)
    else true end;
end $$;
alter function has_rows_between(text, timestamptz, timestamptz) owner to gatehouse_retention;

-- Partitions of months that are over and empty: of every tenant, all is behind its retention. Whoever writes meanwhile waits for a
-- fifth of a second at most; where the lock cannot be had in that time, it is for another hour.
create function drop_empty_months(p_now timestamptz) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp set lock_timeout = '200ms' as $$
declare
  part record;
  month timestamptz;
  dropped integer := 0;
begin
  for part in
    select p.relname as parent, c.relname as name from pg_inherits i
      join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
      where p.relnamespace = 'gatehouse'::regnamespace and p.relname in ('audit_records', 'decisions') and c.relname ~ '_[0-9]{4}_[0-9]{2}$'
      order by c.relname
  loop
    month := to_date(right(part.name, 7), 'YYYY_MM')::timestamp at time zone 'UTC';
    -- Not the month before either: a transaction of its last moments may still be running.
    continue when month + interval '2 months' > date_trunc('month', p_now, 'UTC')
      or gatehouse.has_rows_between(part.parent, month, month + interval '1 month');
    begin
      execute format('lock table gatehouse.%I, gatehouse.%I in access exclusive mode', part.parent, part.name);
      if not gatehouse.has_rows_between(part.parent, month, month + interval '1 month') then
        execute format('drop table gatehouse.%I', part.name);
        dropped := dropped + 1;
      end if;
      return dropped;
    exception when lock_not_available then
      return dropped;
    end;
  end loop;
  return dropped;
end $$;

revoke create on schema gatehouse from gatehouse_retention;
revoke execute on function remove_audit_records(uuid, bigint, bigint, timestamptz, text, timestamptz),
  remove_decisions(uuid, timestamptz, integer, timestamptz), has_rows_between(text, timestamptz, timestamptz),
  drop_empty_months(timestamptz) from public;
grant execute on function remove_audit_records(uuid, bigint, bigint, timestamptz, text, timestamptz),
  remove_decisions(uuid, timestamptz, integer, timestamptz), drop_empty_months(timestamptz) to gatehouse_system;
grant execute on function has_rows_between(text, timestamptz, timestamptz) to gatehouse_owner;
