-- Passkeys (docs/adr/0072-passkeys-verify-their-user.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup;

-- Of a passkey: a keyed hash of its credential id, by which it is found before its tenant is known, and the signature counter that
-- was taken last. A credential id belongs to one user, of whichever tenant (WebAuthn §7.1, step 26).
alter table credentials
  add column passkey_index bytea,
  add column sign_count bigint,
  add constraint credentials_passkey check (kind <> 'passkey' or (passkey_index is not null and sign_count is not null));
create unique index credentials_passkey_index on credentials (passkey_index) where passkey_index is not null;

-- Whose is this passkey? Only of an account that is entered by its address: one that a tenant's connection let in, and that has no
-- address to sign in by, is entered by the connection alone.
create function find_passkey(p_index bytea)
returns table (tenant_id uuid, user_id uuid, email text, user_status text, tenant_status text, id uuid, secret_sealed text, sign_count bigint)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select u.tenant_id, u.id, u.email, u.status, t.status, c.id, c.secret_sealed, c.sign_count
    from gatehouse.credentials c
    join gatehouse.users u on u.tenant_id = c.tenant_id and u.id = c.user_id
    join gatehouse.tenants t on t.id = u.tenant_id
    where c.passkey_index = p_index and c.kind = 'passkey'
      and exists (select from gatehouse.login_identifiers i where i.tenant_id = u.tenant_id and i.user_id = u.id)
$$;
alter function find_passkey(bytea) owner to gatehouse_lookup;

revoke create on schema gatehouse from gatehouse_lookup;
revoke execute on function find_passkey(bytea) from public;
grant execute on function find_passkey(bytea) to gatehouse_login;
