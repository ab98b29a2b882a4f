-- Second factors, and browsers that are asked for none (docs/adr/0062-second-factors-are-credentials.md).

set local search_path = gatehouse, pg_catalog;

-- Of a factor: what its owner calls it, and when it was last proved. Of TOTP: the newest time step whose code was taken; a code
-- counts when its step is newer, by one conditional UPDATE.
alter table credentials
  add column label text,
  add column last_used_at timestamptz,
  add column last_step bigint;

-- Browsers that have proved a second factor, by the hash of the secret in their cookie.
create table remembered_devices (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  secret_hash bytea not null,
  user_agent text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index remembered_devices_user on remembered_devices (tenant_id, user_id);
create index remembered_devices_expiry on remembered_devices (expires_at);
