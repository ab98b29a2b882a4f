-- The revocation log can be followed (docs/adr/0041-the-revocation-log-is-polled.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup, gatehouse_granter;

-- What a follower compares with the claims of a token outlives the row that it is about: whose session or membership it was, and
-- the client's own name. Null where a release before this one wrote the row.
alter table revocations add column user_id uuid, add column client_id text;
create index revocations_order on revocations (xid, seq);
create index revocations_age on revocations (created_at);

-- The log after a place in it, with the snapshot that it was read in: the oldest running transaction, below which nothing can be
-- added any more, and the newest. One row at least, with nulls where there is nothing to read.
--
-- With a tenant, what concerns its followers: its own entries, clients of the root tenant, which serve every tenant, and what
-- happened at home to guests of its own. `seen_by` names the other tenants that an entry concerns through such guests.
create function revocations_after(p_xid xid8, p_seq bigint, p_tenant uuid, p_limit integer)
returns table (
  horizon text, newest text, read_at timestamptz, xid text, seq bigint, tenant_id uuid, kind text, subject_id uuid, user_id uuid,
  client_id text, created_at timestamptz, seen_by uuid[])
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select pg_snapshot_xmin(s.now)::text, pg_snapshot_xmax(s.now)::text, clock_timestamp(),
         r.xid::text, r.seq, r.tenant_id, r.kind, r.subject_id, r.user_id, r.client_id, r.created_at,
         array(select m.tenant_id from gatehouse.memberships m where m.user_tenant_id = r.tenant_id and m.tenant_id <> r.tenant_id
           and (r.kind = 'tenant' or m.user_id = r.user_id))
  from (select pg_current_snapshot() as now) s
  left join lateral (
    select x.* from gatehouse.revocations x
    where (x.xid, x.seq) > (p_xid, p_seq)
      and (p_tenant is null or x.tenant_id = p_tenant or (x.kind = 'client' and x.tenant_id = gatehouse.root_tenant())
        or exists (select from gatehouse.memberships m where m.user_tenant_id = x.tenant_id and m.tenant_id = p_tenant
          and (x.kind = 'tenant' or m.user_id = x.user_id)))
    order by x.xid, x.seq
    limit p_limit) r on true
  order by r.xid, r.seq
$$;
alter function revocations_after(xid8, bigint, uuid, integer) owner to gatehouse_lookup;
revoke execute on function revocations_after(xid8, bigint, uuid, integer) from public;
grant execute on function revocations_after(xid8, bigint, uuid, integer) to gatehouse_login;

-- A guest whose account is deleted at home loses the membership here: whoever follows this tenant is told as well.
create or replace function drop_member_principal() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  dropped integer;
begin
  delete from gatehouse.principals p where p.tenant_id = old.tenant_id and p.id = old.id and p.kind = 'member'
    returning p.epoch + 1 into dropped;
  -- Nothing to delete: the principal went first, and who deleted it has told.
  if dropped is not null then
    insert into gatehouse.revocations (tenant_id, kind, subject_id, user_id, epoch, created_at)
      values (old.tenant_id, 'principal', old.id, old.user_id, dropped, now());
  end if;
  return null;
end $$;

revoke create on schema gatehouse from gatehouse_lookup, gatehouse_granter;
