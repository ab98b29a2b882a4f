-- Lists by name, as far down as anybody pages (docs/adr/0058-what-a-list-is-ordered-by-is-a-column.md).

set local search_path = gatehouse, pg_catalog;

-- Row security lets nothing be looked up in an index by a function that is not leakproof, which lower() is not: each page would
-- read all rows before it. A column may be compared.
alter table users add column name_key text not null generated always as (lower(name)) stored;
alter table tenants add column name_key text not null generated always as (lower(name)) stored;
create index users_by_name_key on users (tenant_id, name_key, id);
create index tenants_by_name_key on tenants (name_key, id);
drop index users_by_name, tenants_by_name;
