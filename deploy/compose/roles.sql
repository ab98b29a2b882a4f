-- Runs once, as the superuser of a new PostgreSQL (docker-entrypoint-initdb.d). The service never gets that superuser:
--   gatehouse_admin  owns the database and may make roles; `gatehouse migrate`, backup and restore use it
--   gatehouse_login  is what the service logs in as: row security binds it, and it owns nothing
do $$ begin
  execute format('create role gatehouse_admin login createrole password %L',
    trim(both E' \n' from pg_read_file('/run/secrets/database_admin_password')));
  execute format('create role gatehouse_login login noinherit password %L',
    trim(both E' \n' from pg_read_file('/run/secrets/database_login_password')));
end $$;
create database gatehouse owner gatehouse_admin;
revoke connect on database gatehouse from public;
grant connect on database gatehouse to gatehouse_login;
revoke connect on database postgres from public;
