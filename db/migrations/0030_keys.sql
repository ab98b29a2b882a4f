-- Keys that rotate (docs/adr/0038, 0039).

set local search_path = gatehouse, pg_catalog;

-- A key signs for one purpose and no other. `signs_from` is set on a next key whose turn was ordered before it was ripe.
alter table signing_keys
  add column purpose text not null default 'access token' check (purpose <> ''),
  add column signs_from timestamptz,
  add column activated_at timestamptz,
  add column retired_at timestamptz,
  add column verifies_until timestamptz;
drop index signing_keys_one_active;
create unique index signing_keys_one_active on signing_keys (purpose, alg) where status = 'active';
create unique index signing_keys_one_next on signing_keys (purpose, alg) where status = 'next';

-- Under which blind indexes are made (counters by address): sealed like everything else, and the same for as long as the
-- database lives, since what was counted under another key could not be found again.
alter table installation
  add column index_key_sealed text,
  add column master_key_since timestamptz;

-- The password of the login role, where this deployment makes the role itself. Made once: were it derived from the master key,
-- a process with the next one would lock out those that still have the one before.
create table login_role (
  only_row boolean primary key default true check (only_row),
  password_sealed text not null,
  created_at timestamptz not null default now()
);
