-- Keys of the persons that records speak of.
alter table gatehouse.subject_keys enable row level security;
alter table gatehouse.subject_keys force row level security;
revoke all on gatehouse.subject_keys from gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;
grant select, insert on gatehouse.subject_keys to gatehouse_app;
grant select, insert on gatehouse.subject_keys to gatehouse_system;
-- Sealed again when the master key rotates.
grant update (key_sealed) on gatehouse.subject_keys to gatehouse_system;

drop policy if exists entered_tenant on gatehouse.subject_keys;
create policy entered_tenant on gatehouse.subject_keys for all to gatehouse_app
  using (tenant_id = gatehouse.current_tenant())
  with check (tenant_id = gatehouse.current_tenant());
-- Erased: the row stays without its key.
grant update (key_sealed, erased_at) on gatehouse.subject_keys to gatehouse_app;
-- Of whom the key of an invitation is.
grant update (address, user_tenant_id, user_id) on gatehouse.subject_keys to gatehouse_app;
-- Keys of days, when what they seal is old enough to be forgotten.
grant delete on gatehouse.subject_keys to gatehouse_system;
drop policy if exists system_actor on gatehouse.subject_keys;
drop policy if exists system_reads on gatehouse.subject_keys;
create policy system_reads on gatehouse.subject_keys for select to gatehouse_system
  using (true);
drop policy if exists system_makes on gatehouse.subject_keys;
create policy system_makes on gatehouse.subject_keys for insert to gatehouse_system
  with check (true);
drop policy if exists resealed on gatehouse.subject_keys;
create policy resealed on gatehouse.subject_keys for update to gatehouse_system
  using (true)
  with check (true);
drop policy if exists days_over on gatehouse.subject_keys;
create policy days_over on gatehouse.subject_keys for delete to gatehouse_system
  using (starts_with(subject_id, 'day '));
drop policy if exists person_acting on gatehouse.subject_keys;
create policy person_acting on gatehouse.subject_keys for select to gatehouse_app
  using (tenant_id = (select gatehouse.subject_tenant()));
drop policy if exists person_acting_made on gatehouse.subject_keys;
create policy person_acting_made on gatehouse.subject_keys for insert to gatehouse_app
  with check (tenant_id = (select gatehouse.subject_tenant()));
-- Open while forget_invitations() runs, to its owner alone, which destroys keys and reads none.
revoke all on gatehouse.subject_keys from gatehouse_lookup;
grant select (tenant_id, subject_id, erased_at, address, user_tenant_id, user_id), update (key_sealed, erased_at, address, user_tenant_id, user_id)
  on gatehouse.subject_keys to gatehouse_lookup;
drop policy if exists of_forgotten_subjects on gatehouse.subject_keys;
create policy of_forgotten_subjects on gatehouse.subject_keys for all to gatehouse_lookup
  using (subject_id = any (string_to_array(nullif(current_setting('gatehouse.forgotten_subjects', true), ''), ',')))
  with check (erased_at is not null);
-- Likewise: the keys of invitations that are gone are found by the address or by whoever accepted.
drop policy if exists of_forgotten_person on gatehouse.subject_keys;
create policy of_forgotten_person on gatehouse.subject_keys for select to gatehouse_lookup
  using (address = decode(nullif(current_setting('gatehouse.forgotten_address', true), ''), 'hex')
    or user_tenant_id::text || ' ' || user_id::text = nullif(current_setting('gatehouse.forgotten_user', true), ''));
