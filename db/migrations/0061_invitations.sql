-- Invitations into a tenant (docs/adr/0049-an-invitation-is-a-principal-in-waiting.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_granter;

-- Open ones only. The principal of the same id holds the roles that were given with the invitation; it is suspended until somebody
-- has accepted, and the membership then takes its id.
create table invitations (
  tenant_id uuid not null,
  id uuid not null,
  email text not null,
  email_key text not null,
  invited_by uuid not null,
  invited_by_tenant uuid not null,
  created_at timestamptz not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email_key),
  foreign key (tenant_id, id) references principals (tenant_id, id) on delete cascade
);
create index invitations_by_created on invitations (tenant_id, created_at, id);
create index invitations_expiry on invitations (expires_at);

-- What was taken back, or has expired long ago, leaves no principal and no roles behind. One that was accepted is active by then.
create function drop_invited_principal() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  delete from gatehouse.principals p
    where p.tenant_id = old.tenant_id and p.id = old.id and p.kind = 'member' and p.status = 'suspended';
  return null;
end $$;
alter function drop_invited_principal() owner to gatehouse_granter;
create trigger drop_invited_principal after delete on invitations for each row execute function drop_invited_principal();

revoke create on schema gatehouse from gatehouse_granter;
revoke execute on function drop_invited_principal() from public;
