-- Policies: a draft that changes, versions that do not, and which of them decides (docs/adr/0087).

set local search_path = gatehouse, pg_catalog;

create table policies (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null check (name ~ '^[a-z][a-z0-9_-]{1,62}$'),
  description text not null default '',
  -- Rules and tests as JSON. As text: it holds what callers wrote, a NUL in a condition included, which jsonb cannot.
  draft text not null,
  revision integer not null default 1,
  in_force integer,
  shadow integer,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table policy_versions (
  tenant_id uuid not null,
  policy_id uuid not null,
  version integer not null check (version > 0),
  document text not null,
  -- The principal who made it, in whichever tenant; who that was is on record.
  published_by uuid,
  created_at timestamptz not null,
  primary key (tenant_id, policy_id, version),
  foreign key (tenant_id, policy_id) references policies (tenant_id, id) on delete cascade
);

-- What decides is a version of the policy itself.
alter table policies
  add foreign key (tenant_id, id, in_force) references policy_versions (tenant_id, policy_id, version),
  add foreign key (tenant_id, id, shadow) references policy_versions (tenant_id, policy_id, version);
