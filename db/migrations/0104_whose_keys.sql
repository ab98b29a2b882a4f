-- Of whom a key is that bears the id of an invitation, so that an erasure finds it when invitation and membership are gone
-- (docs/adr/0050-erasure-deletes-the-account-and-destroys-the-key.md).

set local search_path = gatehouse, pg_catalog;

-- The keyed hash of the address that was invited, and whoever accepted: the address may have changed by the time.
alter table subject_keys add column address bytea, add column user_tenant_id uuid, add column user_id uuid;
alter table subject_keys add constraint subject_keys_held check ((user_tenant_id is null) = (user_id is null));
create index subject_keys_address on subject_keys (address) where address is not null;
create index subject_keys_user on subject_keys (user_tenant_id, user_id) where user_id is not null;

-- Guests who accepted before this. Row security binds the owner, too; it is forced again with the policies.
alter table subject_keys no force row level security;
alter table memberships no force row level security;
update subject_keys k set user_tenant_id = m.user_tenant_id, user_id = m.user_id from memberships m
  where m.tenant_id = k.tenant_id and m.id::text = k.subject_id and m.user_tenant_id <> m.tenant_id and k.erased_at is null;
alter table subject_keys force row level security;
alter table memberships force row level security;

grant create on schema gatehouse to gatehouse_lookup;

-- As before, and also the keys of invitations that are gone: by the address where it was proved or in the entered tenant, and by
-- whoever accepted.
create or replace function forget_invitations(p_email_key text, p_address bytea, p_user uuid, p_now timestamptz) returns void
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  here uuid := gatehouse.current_tenant();
  proved boolean := exists (
    select from gatehouse.login_identifiers l where l.email_key = p_email_key and l.tenant_id = here and l.user_id = p_user);
begin
  perform set_config('gatehouse.forgotten_email', p_email_key, true);
  perform set_config('gatehouse.forgotten_address', encode(p_address, 'hex'), true);
  perform set_config('gatehouse.forgotten_user', here::text || ' ' || p_user::text, true);
  perform set_config('gatehouse.forgotten_subjects', coalesce((
    select string_agg(x.id, ',') from (
      select i.id::text from gatehouse.invitations i where i.email_key = p_email_key and (proved or i.tenant_id = here)
      union all
      select m.id::text from gatehouse.memberships m where m.user_tenant_id = here and m.user_id = p_user
      union all
      select k.subject_id from gatehouse.subject_keys k where k.address = p_address and (proved or k.tenant_id = here)
      union all
      select k.subject_id from gatehouse.subject_keys k where k.user_tenant_id = here and k.user_id = p_user) x), ''), true);
  update gatehouse.subject_keys k set key_sealed = '', erased_at = p_now, address = null, user_tenant_id = null, user_id = null
    where k.subject_id = any (string_to_array(current_setting('gatehouse.forgotten_subjects'), ','));
  delete from gatehouse.outbox o where o.address = p_address
    and o.tenant_id in (select i.tenant_id from gatehouse.invitations i where i.email_key = p_email_key and (proved or i.tenant_id = here));
  delete from gatehouse.invitations i where i.email_key = p_email_key and (proved or i.tenant_id = here);
  perform set_config('gatehouse.forgotten_address', '', true);
  perform set_config('gatehouse.forgotten_user', '', true);
  perform set_config('gatehouse.forgotten_email', '', true);
  perform set_config('gatehouse.forgotten_subjects', '', true);
end $$;

revoke create on schema gatehouse from gatehouse_lookup;
