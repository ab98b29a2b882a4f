-- What the server's own role may know of migrations: with the administrator's URL kept away from it, it cannot run them, and has
-- to see whether it fits (docs/adr/0054-a-release-serves-the-next-schema.md).

set local search_path = gatehouse, pg_catalog;

create function schema_level() returns table (applied text[], must_know text)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select array(select a.name from gatehouse_migrations.applied a order by a.name), (select l.must_know from gatehouse_migrations.level l)
$$;
revoke execute on function schema_level() from public;
grant execute on function schema_level() to gatehouse_login;
