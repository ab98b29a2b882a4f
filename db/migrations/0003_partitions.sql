set local search_path = gatehouse, pg_catalog;

-- Partitions by month; the runtime roles may call this and nothing else that changes the schema.
create function ensure_partitions(p_now timestamptz) returns void language plpgsql security definer
  set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  parent text;
  month date;
begin
  foreach parent in array array['audit_records', 'decisions'] loop
    for month in select (date_trunc('month', p_now at time zone 'UTC') + make_interval(months => n))::date from generate_series(0, 2) n loop
      if to_regclass(format('gatehouse.%I', parent || to_char(month, '_YYYY_MM'))) is null then
        execute format('create table gatehouse.%I partition of gatehouse.%I for values from (%L) to (%L)',
          parent || to_char(month, '_YYYY_MM'), parent, month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
        execute format('alter table gatehouse.%I enable row level security', parent || to_char(month, '_YYYY_MM'));
        execute format('alter table gatehouse.%I force row level security', parent || to_char(month, '_YYYY_MM'));
      end if;
    end loop;
  end loop;
end $$;
revoke execute on function ensure_partitions(timestamptz) from public;
grant execute on function ensure_partitions(timestamptz) to gatehouse_system;
