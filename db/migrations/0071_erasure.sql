-- Export and erasure of a person's data (spec A5; docs/adr/0050-erasure-deletes-and-destroys-the-key.md).

set local search_path = gatehouse, pg_catalog;

-- A person who was erased: the key is gone, and none is made in its place, whatever a request that was under way still writes.
alter table subject_keys add column erased_at timestamptz;
alter table subject_keys add constraint subject_keys_erased check ((erased_at is null) or (key_sealed = ''));

-- Whom a mail goes to, and whose address a link carries, by a keyed hash: payloads are sealed, and what is to be forgotten has to
-- be found. Empty once a mail has left.
alter table outbox add column address bytea;
create index outbox_address on outbox (address) where address is not null;
alter table one_time_tokens add column address bytea;
create index one_time_tokens_address on one_time_tokens (address) where address is not null;

grant create on schema gatehouse to gatehouse_lookup;

-- Removes mail and links of one address: in the entered tenant, in those where the user is a guest, and in the root tenant, where
-- registrations wait. Not in others: an account of the same address there is another account.
create function forget_address(p_address bytea, p_user uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  reached uuid[] := array[gatehouse.current_tenant(), gatehouse.root_tenant()]
    || array(select m.tenant_id from gatehouse.memberships m where m.user_tenant_id = gatehouse.current_tenant() and m.user_id = p_user);
begin
  perform set_config('gatehouse.forgotten_address', encode(p_address, 'hex'), true);
  delete from gatehouse.outbox o where o.address = p_address and o.tenant_id = any (reached);
  delete from gatehouse.one_time_tokens t where t.address = p_address and t.tenant_id = any (reached);
  perform set_config('gatehouse.forgotten_address', '', true);
end $$;
alter function forget_address(bytea, uuid) owner to gatehouse_lookup;

-- Where else a user of the entered tenant is a member: a tenant reads its own memberships only, and the person may know all.
create function memberships_elsewhere(p_user uuid)
returns table (id uuid, tenant_id uuid, tenant_name text, created_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  return query
    select m.id, m.tenant_id, t.name, m.created_at
    from gatehouse.memberships m join gatehouse.tenants t on t.id = m.tenant_id
    where m.user_tenant_id = gatehouse.current_tenant() and m.user_id = p_user and m.tenant_id <> m.user_tenant_id
    order by m.created_at, m.id;
end $$;
alter function memberships_elsewhere(uuid) owner to gatehouse_lookup;

revoke create on schema gatehouse from gatehouse_lookup;
revoke execute on function forget_address(bytea, uuid), memberships_elsewhere(uuid) from public;
grant execute on function forget_address(bytea, uuid), memberships_elsewhere(uuid) to gatehouse_app;
