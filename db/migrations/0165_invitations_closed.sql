-- What became of invitations, and roles judged again when one is accepted
-- (docs/adr/0074-an-invitation-is-judged-again-when-it-is-accepted.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter, gatehouse_lookup;

-- The file that it came with, where it did, and the last mail with its link. Another release leaves both empty.
alter table invitations add column import_id uuid, add column mail_id uuid;
create index invitations_by_import on invitations (tenant_id, import_id) where import_id is not null;

-- Those that were accepted or taken back, for 30 days. A table of its own: one open invitation of an address is unique in the other.
create table closed_invitations (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  email text not null,
  email_key text not null,
  roles text[] not null,
  outcome text not null check (outcome in ('accepted', 'revoked')),
  accepted_by uuid,
  import_id uuid,
  invited_by uuid not null,
  invited_by_tenant uuid not null,
  created_at timestamptz not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  closed_at timestamptz not null,
  primary key (tenant_id, id)
);
create index closed_invitations_by_created on closed_invitations (tenant_id, created_at, id);
create index closed_invitations_by_import on closed_invitations (tenant_id, import_id) where import_id is not null;
create index closed_invitations_by_address on closed_invitations (email_key);
create index closed_invitations_by_user on closed_invitations (accepted_by) where accepted_by is not null;
create index closed_invitations_end on closed_invitations (closed_at);

-- Takes from an invitation the roles that whoever gave them could not give now, by the rule of grant_role(): to be asked before it is
-- accepted, while nobody holds them.
create function drop_unfounded_roles(p_principal uuid, p_now timestamptz) returns setof text
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
begin
  perform pg_advisory_xact_lock(hashtextextended('role_assignments ' || target::text, 0));
  if not exists (select from gatehouse.principals p
      where p.tenant_id = target and p.id = p_principal and p.kind = 'member' and p.status = 'suspended') then
    return;
  end if;
  -- Granters of another tenant are not under the lock above: what they hold stays until this commits.
  perform 1 from gatehouse.role_assignments g where (g.tenant_id, g.principal_id) in (
    select a.granted_by_tenant, a.granted_by from gatehouse.role_assignments a where a.tenant_id = target and a.principal_id = p_principal)
    for share;
  return query delete from gatehouse.role_assignments a using gatehouse.roles r
    where a.tenant_id = target and a.principal_id = p_principal and r.id = a.role_id
      and (exists (
          select g.permission from gatehouse.role_permissions g where g.role_id = a.role_id
          except
          select gatehouse.held_permissions(a.granted_by_tenant, a.granted_by, p_now))
        or exists (
          select g.permission from gatehouse.role_permissions g where g.role_id = a.role_id
          except
          select h.permission from gatehouse.role_assignments x
            join gatehouse.role_permissions h on h.role_id = x.role_id
            where x.tenant_id = a.granted_by_tenant and x.principal_id = a.granted_by
              and (x.expires_at is null or x.expires_at >= a.expires_at)))
    returning r.name;
end $$;
alter function drop_unfounded_roles(uuid, timestamptz) owner to gatehouse_granter;

-- As before, with what is kept of invitations that are over.
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
  delete from gatehouse.closed_invitations c
    where c.accepted_by = p_user or (c.email_key = p_email_key and (proved or c.tenant_id = here));
  perform set_config('gatehouse.forgotten_address', '', true);
  perform set_config('gatehouse.forgotten_user', '', true);
  perform set_config('gatehouse.forgotten_email', '', true);
  perform set_config('gatehouse.forgotten_subjects', '', true);
end $$;

revoke create on schema gatehouse from gatehouse_granter, gatehouse_lookup;
revoke execute on function drop_unfounded_roles(uuid, timestamptz) from public;
grant execute on function drop_unfounded_roles(uuid, timestamptz) to gatehouse_app;
