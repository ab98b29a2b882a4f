-- The core tables (docs/architecture.md). Identities and keys stay as they are; columns may be added by later migrations.
-- Role names are written with the default prefix `gatehouse_`; the migrator puts a deployment's own prefix in their place.

create schema gatehouse;
set local search_path = gatehouse, pg_catalog;
grant usage on schema gatehouse to gatehouse_login, gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;

create function no_tenant() returns uuid language plpgsql stable parallel safe
  set search_path = pg_catalog as $$
begin
  raise exception 'no tenant has been entered' using errcode = 'insufficient_privilege';
end $$;

-- The tenant that this transaction has entered. It raises where none was entered, so that a forgotten scope is an error
-- and never an empty (or full) answer. A plain expression without a SET clause, so that the planner can inline it: row
-- security evaluates it for every table of every statement.
create function current_tenant() returns uuid language sql stable parallel safe
  return coalesce(nullif(pg_catalog.current_setting('gatehouse.tenant_id', true), '')::uuid, gatehouse.no_tenant());

-- The home tenant of whoever acts: an act of the platform or of a partner is on record in both tenants (spec R1, T4).
create function actor_tenant() returns uuid language sql stable parallel safe
  set search_path = pg_catalog as $$
  select nullif(current_setting('gatehouse.actor_tenant_id', true), '')::uuid
$$;

-- The home tenant of the person who acts, whose key seals what the record says of them; differs from actor_tenant() when
-- a member of another tenant acts.
create function subject_tenant() returns uuid language sql stable parallel safe
  set search_path = pg_catalog as $$
  select nullif(current_setting('gatehouse.subject_tenant_id', true), '')::uuid
$$;

create function root_tenant() returns uuid language sql immutable parallel safe
  set search_path = pg_catalog as $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;

grant execute on function no_tenant(), current_tenant(), actor_tenant(), subject_tenant(), root_tenant()
  to gatehouse_app, gatehouse_system, gatehouse_lookup, gatehouse_session, gatehouse_granter;

-- Tenants ---------------------------------------------------------------------------------------------------------

create table tenants (
  id uuid primary key,
  parent_id uuid references tenants (id),
  type text not null check (type in ('customer', 'partner', 'internal')),
  status text not null default 'active' check (status in ('active', 'suspended', 'deleted')),
  name text not null,
  slug text unique,
  epoch integer not null default 0,
  settings jsonb not null default '{}',
  settings_version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check ((id = '00000000-0000-7000-8000-000000000001') = (parent_id is null))
);
create index tenants_parent on tenants (parent_id, id);
create index tenants_by_name on tenants (lower(name), id);
create index tenants_by_created on tenants (created_at, id);

-- People ----------------------------------------------------------------------------------------------------------

create table users (
  tenant_id uuid not null references tenants (id),
  id uuid not null unique,
  email text not null,
  email_key text not null,
  name text not null,
  status text not null check (status in ('invited', 'active', 'suspended')),
  email_verified_at timestamptz,
  epoch integer not null default 0,
  last_login_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email_key)
);
create index users_by_name on users (tenant_id, lower(name), id);
create index users_by_created on users (tenant_id, created_at, id);

-- Accounts that enter by address. Accounts of a tenant's own connection are not in here: they enter by the connection,
-- so that the same address may exist in another tenant.
create table login_identifiers (
  email_key text primary key,
  tenant_id uuid not null,
  user_id uuid not null,
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index login_identifiers_user on login_identifiers (tenant_id, user_id);

-- Who can hold a role: the only target of grants. A member's principal has the id of its membership.
create table principals (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  kind text not null check (kind in ('member', 'client', 'service', 'api_key', 'device')),
  status text not null default 'active' check (status in ('active', 'suspended')),
  epoch integer not null default 0,
  -- What role_assignments say, kept by the trigger `keep_held_roles` (ADR 0021); `roles_until`: when the first of them ends.
  role_names text[] not null default '{}',
  own_role_ids uuid[] not null default '{}',
  roles_until timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index principals_roles_until on principals (roles_until) where roles_until is not null;

create table memberships (
  tenant_id uuid not null,
  id uuid not null,
  user_tenant_id uuid not null,
  user_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, user_tenant_id, user_id),
  foreign key (tenant_id, id) references principals (tenant_id, id) on delete cascade,
  foreign key (user_tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index memberships_user on memberships (user_tenant_id, user_id);
create index memberships_by_created on memberships (tenant_id, created_at, id);

-- Roles -----------------------------------------------------------------------------------------------------------

-- Built-in roles belong to no tenant. They are written by the migrator from the contracts package and by nothing else.
create table roles (
  id uuid primary key,
  tenant_id uuid references tenants (id),
  name text not null,
  title text not null,
  description text not null,
  role_group text not null,
  root_only boolean not null default false,
  unique nulls not distinct (tenant_id, name)
);

create table role_permissions (
  role_id uuid not null references roles (id) on delete cascade,
  tenant_id uuid references tenants (id),
  permission text not null,
  primary key (role_id, permission)
);

create table role_assignments (
  tenant_id uuid not null,
  principal_id uuid not null,
  role_id uuid not null references roles (id),
  id uuid not null,
  via text not null check (via in ('direct', 'bootstrap', 'registration')),
  granted_by uuid,
  granted_by_tenant uuid,
  expires_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, principal_id, role_id),
  unique (tenant_id, id),
  foreign key (tenant_id, principal_id) references principals (tenant_id, id) on delete cascade
);
create index role_assignments_role on role_assignments (role_id);

-- Clients and connections -----------------------------------------------------------------------------------------

create table clients (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  client_id text not null unique,
  name text not null,
  kind text not null check (kind in ('web', 'spa', 'native', 'partner', 'service')),
  token_mode text not null check (token_mode in ('cookie', 'bearer')),
  redirect_uris text[] not null default '{}',
  origins text[] not null default '{}',
  cookie_domain text,
  limits jsonb not null default '{}',
  status text not null default 'active' check (status in ('active', 'suspended')),
  epoch integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

create table connections (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  kind text not null,
  name text not null,
  issuer text not null,
  settings jsonb not null default '{}',
  secret_sealed text,
  status text not null default 'disabled' check (status in ('enabled', 'disabled')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

create table external_identities (
  tenant_id uuid not null,
  connection_id uuid not null,
  issuer text not null,
  subject text not null,
  user_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, connection_id, issuer, subject),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade,
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index external_identities_user on external_identities (tenant_id, user_id);

-- Secrets ---------------------------------------------------------------------------------------------------------

create table credentials (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  kind text not null check (kind in ('password', 'totp', 'backup_code', 'passkey')),
  secret_sealed text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create unique index credentials_one_password on credentials (tenant_id, user_id) where kind = 'password';
create index credentials_user on credentials (tenant_id, user_id, kind);

-- The one single-use primitive: every link, code, invitation and challenge. The purpose is inside the hash too.
create table one_time_tokens (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  purpose text not null,
  hash bytea not null,
  subject_id uuid,
  payload_sealed text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, purpose, hash)
);
create index one_time_tokens_subject on one_time_tokens (tenant_id, subject_id, purpose) where consumed_at is null;
create index one_time_tokens_expiry on one_time_tokens (expires_at);

-- Sessions, in the home tenant. A renewal is one UPDATE of columns that no index holds, so that it stays a HOT update.
create table sessions (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  -- Elsewhere the membership in the active tenant says which one counts.
  home_principal_id uuid not null,
  client_id text not null,
  active_tenant_id uuid not null references tenants (id),
  generation integer not null default 0,
  rotated_at timestamptz not null,
  family_secret_hash bytea not null,
  agent_hash bytea not null,
  amr text[] not null,
  auth_time timestamptz not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  idle_expires_at timestamptz not null,
  expires_at timestamptz not null,
  renewals_since timestamptz not null,
  renewals integer not null default 0,
  replays integer not null default 0,  -- of the token before the present one
  ip text,
  user_agent text,
  epoch integer not null default 0,
  ended_at timestamptz,
  end_reason text,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) with (fillfactor = 70);
-- The user first: with the tenant first, the planner takes it for a look-up by (tenant_id, id) while the table is small.
create index sessions_user on sessions (user_id, id);
create index sessions_expiry on sessions (expires_at);

-- What ended or changed, for whoever follows by cursor. `xid` lets a follower stay below the oldest running transaction:
-- the order of a sequence is not the order of commits.
create table revocations (
  seq bigint generated always as identity primary key,
  tenant_id uuid not null references tenants (id),
  kind text not null check (kind in ('session', 'user', 'principal', 'tenant', 'client')),
  subject_id uuid not null,
  epoch integer not null,
  xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null
);

create table signing_keys (
  kid text primary key,
  alg text not null,
  public_jwk jsonb not null,
  private_sealed text not null,
  status text not null check (status in ('active', 'next', 'retired')),
  created_at timestamptz not null
);
create unique index signing_keys_one_active on signing_keys (alg) where status = 'active';

-- Audit -----------------------------------------------------------------------------------------------------------

-- Append-only: nobody holds UPDATE or DELETE. Personal values are in `personal`, sealed under the key of the person they
-- speak of; the record itself holds their salted hashes, so that erasure leaves it verifiable.
create table audit_records (
  tenant_id uuid not null,
  id uuid not null,
  occurred_at timestamptz not null,
  action text not null,
  actor_kind text not null check (actor_kind in ('user', 'system', 'anonymous')),
  actor_id uuid,
  actor_tenant_id uuid,
  resource_type text not null,
  resource_id text,
  before jsonb,
  after jsonb,
  context jsonb not null,
  personal jsonb not null default '{}',
  correlation_id text not null,
  primary key (tenant_id, id, occurred_at)
) partition by range (occurred_at);
create index audit_records_by_action on audit_records (tenant_id, action, id);
create index audit_records_by_actor on audit_records (tenant_id, actor_id, id);
create index audit_records_by_resource on audit_records (tenant_id, resource_id, id);
create index audit_records_by_correlation on audit_records (tenant_id, correlation_id);

-- The key under which a person's values are sealed; itself sealed under the key-encryption key. Erasure deletes the row.
create table subject_keys (
  tenant_id uuid not null references tenants (id),
  subject_id text not null,
  key_sealed text not null,
  created_at timestamptz not null,
  primary key (tenant_id, subject_id)
);

-- Permits: who, which permission, under which policy version, why. All for changes, a sample for reads (spec A1).
create table decisions (
  tenant_id uuid not null,
  id uuid not null,
  occurred_at timestamptz not null,
  principal_id uuid,
  permission text not null,
  resource text not null,
  decision text not null check (decision in ('permit', 'deny')),
  reason text not null,
  policy_version text not null,
  correlation_id text not null,
  primary key (tenant_id, id, occurred_at)
) partition by range (occurred_at);

-- Refused callers without an identity, counted by the minute: they must not be able to fill a disk.
create table anonymous_denials (
  minute timestamptz not null,
  route text not null,
  code text not null,
  count bigint not null,
  primary key (minute, route, code)
);

create table outbox (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  topic text not null check (topic in ('mail', 'event')),
  type text not null,
  payload_sealed text not null,
  correlation_id text not null,
  created_at timestamptz not null,
  available_at timestamptz not null,
  attempts integer not null default 0,
  claimed_until timestamptz,
  delivered_at timestamptz,
  failed_at timestamptz,
  last_error text,
  primary key (tenant_id, id)
);
create index outbox_due on outbox (available_at) where delivered_at is null and failed_at is null;

-- Throttling ------------------------------------------------------------------------------------------------------

-- Failed attempts by keyed hash of the address (known or not: both leave the same trace), or of address and known browser.
create table login_throttles (
  key bytea primary key,
  failures integer not null,
  locked_until timestamptz,
  locked_by uuid,
  updated_at timestamptz not null
);

-- Unlogged: a crash may empty a minute's counters, and no request waits for the disk.
create unlogged table rate_limits (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);

create table installation (
  only_row boolean primary key default true check (only_row),
  id uuid not null,
  key_check_sealed text not null,
  created_at timestamptz not null
);

-- Whatever falls outside the months made so far still has a place: an act is never refused for want of a partition.
create table audit_records_rest partition of audit_records default;
create table decisions_rest partition of decisions default;
alter table audit_records_rest enable row level security;
alter table audit_records_rest force row level security;
alter table decisions_rest enable row level security;
alter table decisions_rest force row level security;
