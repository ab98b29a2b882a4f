-- A user works in further tenants, one session in one tenant (docs/adr/0048-a-session-works-in-one-tenant.md).

set local search_path = gatehouse, pg_catalog;
grant create on schema gatehouse to gatehouse_lookup;

-- The tenants in which a user may have a session: the home, and those that it is a guest of. Asked before the tenant that
-- somebody wants to work in has been entered.
create function tenants_of_user(p_home uuid, p_user uuid)
returns table (id uuid, name text, type text, tenant_status text, membership_id uuid, membership_status text, member_since timestamptz)
language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
  select t.id, t.name, t.type, t.status, m.id, p.status, m.created_at
    from gatehouse.memberships m
    join gatehouse.principals p on p.tenant_id = m.tenant_id and p.id = m.id
    join gatehouse.tenants t on t.id = m.tenant_id and t.status <> 'deleted'
    where m.user_tenant_id = p_home and m.user_id = p_user and m.tenant_id <> p_home
  union all
  select t.id, t.name, t.type, t.status, null, u.status, u.created_at
    from gatehouse.users u join gatehouse.tenants t on t.id = u.tenant_id and t.status <> 'deleted'
    where u.tenant_id = p_home and u.id = p_user
$$;
alter function tenants_of_user(uuid, uuid) owner to gatehouse_lookup;

-- Ends the sessions with which guests work in the entered tenant: of one of them, or of all. They lie in the guests' homes; the
-- policy `of_ending_guests` opens those rows to this function and to nothing else.
create function end_guest_sessions(p_user uuid, p_reason text, p_now timestamptz)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  target uuid := gatehouse.current_tenant();
  ended integer;
begin
  -- A session that is just being opened here holds the lock shared: it is there when this statement ends, or it comes later and
  -- finds that its ground is gone.
  perform pg_advisory_xact_lock(hashtextextended('guest sessions in ' || target::text, 0));
  perform set_config('gatehouse.ending_guests_of', target::text, true);
  update gatehouse.sessions x set ended_at = p_now, end_reason = p_reason, epoch = x.epoch + 1
    where x.active_tenant_id = target and x.tenant_id <> target and x.ended_at is null
      and x.user_id in (select m.user_id from gatehouse.memberships m
        where m.tenant_id = target and m.user_tenant_id <> m.tenant_id and (p_user is null or m.user_id = p_user));
  get diagnostics ended = row_count;
  perform set_config('gatehouse.ending_guests_of', '', true);
  return ended;
end $$;
alter function end_guest_sessions(uuid, text, timestamptz) owner to gatehouse_lookup;

revoke create on schema gatehouse from gatehouse_lookup;
revoke execute on function tenants_of_user(uuid, uuid), end_guest_sessions(uuid, text, timestamptz) from public;
grant execute on function tenants_of_user(uuid, uuid) to gatehouse_login;
grant execute on function end_guest_sessions(uuid, text, timestamptz) to gatehouse_app;
