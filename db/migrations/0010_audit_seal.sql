set local search_path = gatehouse, pg_catalog;
grant usage on schema gatehouse to gatehouse_sealer;

-- What is recorded and not sealed yet. A record gets here by a trigger, whoever writes it, and leaves as it is sealed:
-- nothing can be passed over, however long its transaction ran and in whatever order transactions end (ADR 0030).
create table audit_unsealed (
  tenant_id uuid not null,
  record_id uuid not null,
  occurred_at timestamptz not null,
  primary key (tenant_id, record_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The chain of a tenant: `hash` is the leaf of the tenant's Merkle tree (RFC 9162 §2.1.1) over the record's canonical form,
-- which holds `seq` and the hash before it. Not partitioned: (tenant_id, seq) has to be unique over all of it.
create table audit_seals (
  tenant_id uuid not null,
  seq bigint not null check (seq >= 0),
  record_id uuid not null,
  occurred_at timestamptz not null,
  prev_hash bytea check (length(prev_hash) = 32),
  hash bytea not null check (length(hash) = 32),
  primary key (tenant_id, seq),
  unique (tenant_id, record_id),
  check ((seq = 0) = (prev_hash is null))
);

-- Perfect subtrees of 256, 65 536, … leaves: with them a proof reads a few hundred hashes, whatever the size of the tree.
create table audit_subtrees (
  tenant_id uuid not null,
  level smallint not null check (level > 0 and level % 8 = 0),
  place bigint not null,
  hash bytea not null check (length(hash) = 32),
  primary key (tenant_id, level, place)
);

-- How far each tenant's tree has grown, and the signed note that says so (C2SP tlog-checkpoint).
create table audit_trees (
  tenant_id uuid primary key,
  size bigint not null check (size > 0),
  frontier bytea not null,
  last_hash bytea not null,
  checkpoint text not null,
  signed_at timestamptz not null
) with (fillfactor = 50);

-- Keys that sign checkpoints and nothing else (threat 80).
create table audit_keys (
  kid text primary key,
  public_key bytea not null,
  private_sealed text not null,
  status text not null check (status in ('active', 'retired')),
  created_at timestamptz not null
);
create unique index audit_keys_one_active on audit_keys (status) where status = 'active';

-- Each search is newest first.
create index audit_records_by_time on audit_records (tenant_id, occurred_at, id);
drop index audit_records_by_action, audit_records_by_actor, audit_records_by_resource;
create index audit_records_by_action on audit_records (tenant_id, action, occurred_at, id);
create index audit_records_by_actor on audit_records (tenant_id, actor_id, occurred_at, id);
create index audit_records_by_resource on audit_records (tenant_id, resource_id, occurred_at, id);

grant create on schema gatehouse to gatehouse_sealer;

create function enqueue_audit_record() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
  insert into gatehouse.audit_unsealed (tenant_id, record_id, occurred_at) values (new.tenant_id, new.id, new.occurred_at);
  return null;
end $$;
alter function enqueue_audit_record() owner to gatehouse_sealer;
create trigger enqueue_audit_record after insert on audit_records for each row execute function enqueue_audit_record();

-- What waits to be sealed, tenant by tenant and oldest first; after `p_after`, so that a busy tenant does not keep the
-- others waiting. Read by index, whatever the statistics of a table that is mostly empty say.
create function unsealed_audit_records(p_after uuid, p_limit integer) returns table (
  tenant_id uuid, id uuid, "time" text, action text, actor_kind text, actor_id uuid, actor_tenant_id uuid,
  resource_type text, resource_id text, before jsonb, after jsonb, context jsonb, correlation_id text)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  select r.tenant_id, r.id, to_char(r.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), r.action, r.actor_kind,
      r.actor_id, r.actor_tenant_id, r.resource_type, r.resource_id, r.before, r.after, r.context, r.correlation_id
    from gatehouse.audit_unsealed u
    join gatehouse.audit_records r on r.tenant_id = u.tenant_id and r.id = u.record_id and r.occurred_at = u.occurred_at
    where u.tenant_id > p_after
    order by u.tenant_id, u.record_id
    limit p_limit
$$;
alter function unsealed_audit_records(uuid, integer) owner to gatehouse_sealer;

-- The only way into the chain. All of a batch or none of it: it holds each tree to the size from which the batch was
-- made, the numbers to be without a gap, and each record to have been waiting.
create function seal_audit_records(
  p_tenants uuid[], p_old_sizes bigint[], p_sizes bigint[], p_frontiers bytea[], p_last_hashes bytea[], p_checkpoints text[],
  p_record_tenants uuid[], p_records uuid[], p_seqs bigint[], p_prev_hashes bytea[], p_hashes bytea[],
  p_node_tenants uuid[], p_levels smallint[], p_places bigint[], p_nodes bytea[], p_now timestamptz)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  updated integer;
  made integer;
  sealed integer;
begin
  update gatehouse.audit_trees t set size = n.size, frontier = n.frontier, last_hash = n.last_hash, checkpoint = n.checkpoint, signed_at = p_now
    from unnest(p_tenants, p_old_sizes, p_sizes, p_frontiers, p_last_hashes, p_checkpoints)
      as n(tenant_id, old_size, size, frontier, last_hash, checkpoint)
    where t.tenant_id = n.tenant_id and t.size = n.old_size;
  get diagnostics updated = row_count;
  insert into gatehouse.audit_trees (tenant_id, size, frontier, last_hash, checkpoint, signed_at)
    select n.tenant_id, n.size, n.frontier, n.last_hash, n.checkpoint, p_now
    from unnest(p_tenants, p_old_sizes, p_sizes, p_frontiers, p_last_hashes, p_checkpoints)
      as n(tenant_id, old_size, size, frontier, last_hash, checkpoint)
    where n.old_size = 0
    on conflict (tenant_id) do nothing;
  get diagnostics made = row_count;
  if updated + made <> cardinality(p_tenants) then
    raise exception 'an audit tree grew meanwhile' using errcode = 'serialization_failure';
  end if;
  if exists (
    select from unnest(p_tenants, p_old_sizes, p_sizes) as n(tenant_id, old_size, size)
    left join (
      select s.tenant_id, min(s.seq) as first, max(s.seq) as last, count(distinct s.seq) as number
      from unnest(p_record_tenants, p_seqs) as s(tenant_id, seq) group by s.tenant_id
    ) s on s.tenant_id = n.tenant_id
    where (s.first, s.last, s.number) is distinct from (n.old_size, n.size - 1, n.size - n.old_size)
  ) then
    raise exception 'the numbers of a batch must follow each other' using errcode = 'check_violation';
  end if;
  with waiting as (
    delete from gatehouse.audit_unsealed u
    using unnest(p_record_tenants, p_records, p_seqs, p_prev_hashes, p_hashes) as s(tenant_id, record_id, seq, prev_hash, hash)
    where u.tenant_id = s.tenant_id and u.record_id = s.record_id
    returning s.tenant_id, s.seq, s.record_id, u.occurred_at, s.prev_hash, s.hash
  )
  insert into gatehouse.audit_seals (tenant_id, seq, record_id, occurred_at, prev_hash, hash)
    select w.tenant_id, w.seq, w.record_id, w.occurred_at, w.prev_hash, w.hash from waiting w;
  get diagnostics sealed = row_count;
  if sealed <> cardinality(p_records) then
    raise exception 'a record of the batch was not waiting' using errcode = 'serialization_failure';
  end if;
  insert into gatehouse.audit_subtrees (tenant_id, level, place, hash)
    select s.tenant_id, s.level, s.place, s.hash from unnest(p_node_tenants, p_levels, p_places, p_nodes) as s(tenant_id, level, place, hash);
end $$;
alter function seal_audit_records(uuid[], bigint[], bigint[], bytea[], bytea[], text[], uuid[], uuid[], bigint[], bytea[], bytea[],
  uuid[], smallint[], bigint[], bytea[], timestamptz) owner to gatehouse_sealer;

revoke create on schema gatehouse from gatehouse_sealer;
revoke execute on function enqueue_audit_record(), unsealed_audit_records(uuid, integer),
  seal_audit_records(uuid[], bigint[], bigint[], bytea[], bytea[], text[], uuid[], uuid[], bigint[], bytea[], bytea[],
    uuid[], smallint[], bigint[], bytea[], timestamptz) from public;
grant execute on function unsealed_audit_records(uuid, integer),
  seal_audit_records(uuid[], bigint[], bigint[], bytea[], bytea[], text[], uuid[], uuid[], bigint[], bytea[], bytea[],
    uuid[], smallint[], bigint[], bytea[], timestamptz) to gatehouse_system;

-- What was recorded before this release is sealed as well. For this one statement its owner may read the table.
alter table audit_records no force row level security;
insert into audit_unsealed (tenant_id, record_id, occurred_at) select tenant_id, id, occurred_at from audit_records;
alter table audit_records force row level security;
