-- SAML 2.0 (docs/adr/0070): a response is stored beside the sign-in that it answers, once; ids of responses and assertions are good once.

set local search_path = gatehouse, pg_catalog;

-- When something was added to what an open token carries. It is added once.
alter table one_time_tokens add column amended_at timestamptz;

create table saml_message_ids (
  tenant_id uuid not null,
  connection_id uuid not null,
  -- SHA-256 of kind and id, which the provider chose.
  id_hash bytea not null,
  expires_at timestamptz not null,
  primary key (tenant_id, connection_id, id_hash),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade
);
create index saml_message_ids_expiry on saml_message_ids (expires_at);
