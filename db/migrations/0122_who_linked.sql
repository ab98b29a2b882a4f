-- Whether whoever owns the account let an identity enter it, after signing in, or a connection did, unasked (ADR 0065). Of what was
-- linked before this nobody noted it: then the connection did.

set local search_path = gatehouse, pg_catalog;

alter table external_identities
  add column linked_by text not null default 'connection' check (linked_by in ('connection', 'owner'));
