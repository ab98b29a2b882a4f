-- API keys: their hash, never the key. Read before a tenant is known by api_key_context() alone.
alter table gatehouse.api_keys enable row level security;
alter table gatehouse.api_keys force row level security;
revoke all on gatehouse.api_keys from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert, delete on gatehouse.api_keys to gatehouse_app;
-- Neither the owner nor the scopes of a key ever change.
grant update (name, hash, shown_as, allowed_addresses, expires_at, rotated_at) on gatehouse.api_keys to gatehouse_app;
grant select on gatehouse.api_keys to gatehouse_session;
grant select (tenant_id, id, owner_id) on gatehouse.api_keys to gatehouse_granter;
grant select (tenant_id, id, last_used_at), update (last_used_at) on gatehouse.api_keys to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.api_keys;
create policy entered_tenant on gatehouse.api_keys for all to gatehouse_app
  using (tenant_id = (select gatehouse.current_tenant()))
  with check (tenant_id = (select gatehouse.current_tenant()));
drop policy if exists presented on gatehouse.api_keys;
create policy presented on gatehouse.api_keys for select to gatehouse_session
  using (true);
drop policy if exists last_use_reads on gatehouse.api_keys;
create policy last_use_reads on gatehouse.api_keys for select to gatehouse_system
  using (true);
drop policy if exists last_use on gatehouse.api_keys;
create policy last_use on gatehouse.api_keys for update to gatehouse_system
  using (true);
-- What a key uses, its owner does: note_permission_uses().
drop policy if exists owner_of_key on gatehouse.api_keys;
create policy owner_of_key on gatehouse.api_keys for select to gatehouse_granter
  using (true);
