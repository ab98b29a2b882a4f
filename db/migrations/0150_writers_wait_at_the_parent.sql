-- While a month is attached, writers wait at the parent (docs/adr/0060-a-month-takes-its-rows-along.md).

set local search_path = gatehouse, pg_catalog;

-- As in 0103, and with the parent locked against writers before the default partition is. Whoever writes chooses the partition
-- and then waits for it: one that waited at the default partition would find that its row belongs to the new month, and fail.
-- At the parent it waits before it chooses. Readers of other months go on, and whoever writes waits for twice a fifth of a second
-- at most before the month is made.
create or replace function ensure_partitions(p_now timestamptz) returns void language plpgsql security definer
  set search_path = pg_catalog, gatehouse, pg_temp set lock_timeout = '200ms' as $$
declare
  pass text;
  parent text;
  rest text;
  month date;
  name text;
  opens text;
  closes text;
begin
  -- Whoever comes while another makes them has nothing to do.
  if not pg_try_advisory_xact_lock(hashtextextended('gatehouse partitions', 0)) then
    return;
  end if;
  for pass, parent, month in
    select p.pass, t.parent, (date_trunc('month', p_now at time zone 'UTC') + make_interval(months => n))::date
      from unnest(array['fill', 'attach']) with ordinality p (pass, at), unnest(array['audit_records', 'decisions']) t (parent), generate_series(0, 2) n
      order by p.at, t.parent, n
  loop
    rest := parent || '_rest';
    name := parent || to_char(month, '_YYYY_MM');
    opens := month::text || ' 00:00:00+00';
    closes := (month + interval '1 month')::date::text || ' 00:00:00+00';
    continue when exists (select from pg_class c where c.oid = to_regclass(format('gatehouse.%I', name)) and c.relispartition);
    -- The policy `moved` opens rows of that month to this function and to nothing else.
    perform set_config('gatehouse.moved_from', opens, true), set_config('gatehouse.moved_to', closes, true);
    if pass = 'fill' then
      execute format('create table gatehouse.%I (like gatehouse.%I including all, constraint of_month check (occurred_at >= %L and occurred_at < %L))',
        name, parent, opens, closes);
      execute format('insert into gatehouse.%I select r.* from gatehouse.%I r', name, rest);
    else
      execute format('lock table only gatehouse.%I in share row exclusive mode', parent);
      execute format('lock table gatehouse.%I in access exclusive mode', rest);
      execute format('delete from gatehouse.%I n where not exists (select from gatehouse.%I r
        where r.tenant_id = n.tenant_id and r.id = n.id and r.occurred_at = n.occurred_at)', name, rest);
      execute format('insert into gatehouse.%I select r.* from gatehouse.%I r where not exists (select from gatehouse.%I n
        where n.tenant_id = r.tenant_id and n.id = r.id and n.occurred_at = r.occurred_at)', name, rest, name);
      execute format('delete from gatehouse.%I', rest);
      execute format('alter table gatehouse.%I attach partition gatehouse.%I for values from (%L) to (%L)', parent, name, opens, closes);
      execute format('alter table gatehouse.%I drop constraint of_month, enable row level security, force row level security', name);
    end if;
  end loop;
  perform set_config('gatehouse.moved_from', '', true), set_config('gatehouse.moved_to', '', true);
exception when lock_not_available or deadlock_detected then
  null;
end $$;
