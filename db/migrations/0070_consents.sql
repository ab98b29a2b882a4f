-- Who consented to what, and who took it back (spec A5): a trail that is only ever appended to.

set local search_path = gatehouse, pg_catalog;

-- Of a user in the home tenant. No foreign key to the user: the trail outlives the account, as the proof of what was consented to.
create table consents (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  purpose text not null check (purpose <> ''),
  version text not null check (version <> ''),
  state text not null check (state in ('granted', 'withdrawn')),
  -- Address and browser: their salted hash, and both sealed under the person's key, so that erasure reaches them although no row
  -- can be changed. Null where an operator wrote down what came by letter.
  evidence jsonb,
  correlation_id text not null,
  occurred_at timestamptz not null,
  -- The order of the trail of one user: whoever appends holds the user, so that it is that of the commits, too.
  seq bigint generated always as identity,
  primary key (tenant_id, id)
);
create index consents_user on consents (tenant_id, user_id, seq);
