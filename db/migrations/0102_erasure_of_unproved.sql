-- An address that nobody proved is not the account's (docs/adr/0050-erasure-deletes-the-account-and-destroys-the-key.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup;

-- Removes mail of one address in the entered tenant, and nowhere else: the address was typed here, and its owner may be anybody.
create function forget_mail_here(p_address bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  perform set_config('gatehouse.forgotten_address', encode(p_address, 'hex'), true);
  delete from gatehouse.outbox o where o.address = p_address and o.tenant_id = gatehouse.current_tenant();
  perform set_config('gatehouse.forgotten_address', '', true);
end $$;
alter function forget_mail_here(bytea) owner to gatehouse_lookup;

-- As before where the address signs in to the user's account; otherwise it reaches invitations of the entered tenant alone.
create or replace function forget_invitations(p_email_key text, p_address bytea, p_user uuid, p_now timestamptz) returns void
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  here uuid := gatehouse.current_tenant();
  proved boolean := exists (
    select from gatehouse.login_identifiers l where l.email_key = p_email_key and l.tenant_id = here and l.user_id = p_user);
begin
  perform set_config('gatehouse.forgotten_email', p_email_key, true);
  perform set_config('gatehouse.forgotten_subjects', coalesce((
    select string_agg(x.id::text, ',') from (
      select i.id from gatehouse.invitations i where i.email_key = p_email_key and (proved or i.tenant_id = here)
      union all
      select m.id from gatehouse.memberships m where m.user_tenant_id = here and m.user_id = p_user) x), ''), true);
  update gatehouse.subject_keys k set key_sealed = '', erased_at = p_now
    where k.subject_id = any (string_to_array(current_setting('gatehouse.forgotten_subjects'), ','));
  perform set_config('gatehouse.forgotten_address', encode(p_address, 'hex'), true);
  delete from gatehouse.outbox o where o.address = p_address
    and o.tenant_id in (select i.tenant_id from gatehouse.invitations i where i.email_key = p_email_key and (proved or i.tenant_id = here));
  delete from gatehouse.invitations i where i.email_key = p_email_key and (proved or i.tenant_id = here);
  perform set_config('gatehouse.forgotten_address', '', true);
  perform set_config('gatehouse.forgotten_email', '', true);
  perform set_config('gatehouse.forgotten_subjects', '', true);
end $$;

revoke create on schema gatehouse from gatehouse_lookup;
revoke execute on function forget_mail_here(bytea) from public;
grant execute on function forget_mail_here(bytea) to gatehouse_app;
