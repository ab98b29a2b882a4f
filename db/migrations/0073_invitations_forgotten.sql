-- Erasure reaches invitations (spec A5; docs/adr/0050-erasure-deletes-the-account-and-destroys-the-key.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup;

-- Removes invitations of an address that wait, in whichever tenants, with their mail, and destroys the keys under which records say whom they were for:
-- of those, and of the user's memberships elsewhere, which bear the ids of the invitations that were accepted.
create function forget_invitations(p_email_key text, p_address bytea, p_user uuid, p_now timestamptz) returns void
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform set_config('gatehouse.forgotten_email', p_email_key, true);
  perform set_config('gatehouse.forgotten_subjects', coalesce((
    select string_agg(x.id::text, ',') from (
      select i.id from gatehouse.invitations i where i.email_key = p_email_key
      union all
      select m.id from gatehouse.memberships m where m.user_tenant_id = gatehouse.current_tenant() and m.user_id = p_user) x), ''), true);
  update gatehouse.subject_keys k set key_sealed = '', erased_at = p_now
    where k.subject_id = any (string_to_array(current_setting('gatehouse.forgotten_subjects'), ','));
  perform set_config('gatehouse.forgotten_address', encode(p_address, 'hex'), true);
  delete from gatehouse.outbox o where o.address = p_address
    and o.tenant_id in (select i.tenant_id from gatehouse.invitations i where i.email_key = p_email_key);
  delete from gatehouse.invitations i where i.email_key = p_email_key;
  perform set_config('gatehouse.forgotten_address', '', true);
  perform set_config('gatehouse.forgotten_email', '', true);
  perform set_config('gatehouse.forgotten_subjects', '', true);
end $$;
alter function forget_invitations(text, bytea, uuid, timestamptz) owner to gatehouse_lookup;

revoke create on schema gatehouse from gatehouse_lookup;
revoke execute on function forget_invitations(text, bytea, uuid, timestamptz) from public;
grant execute on function forget_invitations(text, bytea, uuid, timestamptz) to gatehouse_app;
