-- Recovery and change of address (docs/adr/0035, 0036).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_session;

-- Whether the address of a user was ever proved, for `me`: one round trip, and no transaction after which everything that is
-- remembered of sessions would have to be asked again. Owner: gatehouse_session, held to the tenant that the function enters.
create function email_verified(p_tenant uuid, p_user uuid)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform set_config('gatehouse.tenant_id', p_tenant::text, true);
  return exists (select from gatehouse.users u where u.tenant_id = p_tenant and u.id = p_user and u.email_verified_at is not null);
end $$;
alter function email_verified(uuid, uuid) owner to gatehouse_session;

revoke create on schema gatehouse from gatehouse_session;
revoke execute on function email_verified(uuid, uuid) from public;
grant execute on function email_verified(uuid, uuid) to gatehouse_login;
