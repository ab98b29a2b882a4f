-- Whoever ends many sessions at once takes them in the order of their ids, so that two who end some of the same ones do not wait for
-- each other (ADR 0059). The functions are otherwise as before.

set local search_path = gatehouse, pg_catalog;

create or replace function end_client_sessions(p_client_id text, p_reason text, p_now timestamptz)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  ended integer;
begin
  if not exists (select from gatehouse.clients c where c.client_id = p_client_id and c.tenant_id = gatehouse.current_tenant()) then
    return 0;
  end if;
  -- A session that is just being opened holds the lock shared: it is there when this statement ends, or it comes later and finds
  -- no active client.
  perform pg_advisory_xact_lock(hashtextextended('sessions of client ' || p_client_id, 0));
  perform set_config('gatehouse.ending_client', p_client_id, true);
  update gatehouse.sessions x set ended_at = p_now, end_reason = p_reason, epoch = x.epoch + 1
    where (x.tenant_id, x.id) in (
      select s.tenant_id, s.id from gatehouse.sessions s where s.client_id = p_client_id and s.ended_at is null order by s.id for update);
  get diagnostics ended = row_count;
  perform set_config('gatehouse.ending_client', '', true);
  return ended;
end $$;

create or replace function end_guest_sessions(p_user uuid, p_reason text, p_now timestamptz)
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
    where (x.tenant_id, x.id) in (
      select s.tenant_id, s.id from gatehouse.sessions s
        where s.active_tenant_id = target and s.tenant_id <> target and s.ended_at is null
          and s.user_id in (select m.user_id from gatehouse.memberships m
            where m.tenant_id = target and m.user_tenant_id <> m.tenant_id and (p_user is null or m.user_id = p_user))
        order by s.id for update of s);
  get diagnostics ended = row_count;
  perform set_config('gatehouse.ending_guests_of', '', true);
  return ended;
end $$;

create or replace function end_connection_sessions(p_connection uuid, p_reason text, p_now timestamptz)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
  ended integer;
begin
  if not exists (select from gatehouse.connections c where c.id = p_connection and c.tenant_id = gatehouse.current_tenant()) then
    return 0;
  end if;
  -- A session that is just being opened holds the lock shared: it is there when this statement ends, or it comes later and finds
  -- the connection disabled.
  perform pg_advisory_xact_lock(hashtextextended('sessions of connection ' || p_connection::text, 0));
  perform set_config('gatehouse.ending_connection', p_connection::text, true);
  with gone as (
    update gatehouse.sessions x set ended_at = p_now, end_reason = p_reason, epoch = x.epoch + 1
      where (x.tenant_id, x.id) in (
        select s.tenant_id, s.id from gatehouse.sessions s
          where s.connection_id = p_connection and s.ended_at is null order by s.id for update)
      returning x.tenant_id, x.id, x.user_id, x.epoch)
  insert into gatehouse.revocations (tenant_id, kind, subject_id, user_id, epoch, created_at)
    select g.tenant_id, 'session', g.id, g.user_id, g.epoch, p_now from gone g;
  get diagnostics ended = row_count;
  perform set_config('gatehouse.ending_connection', '', true);
  return ended;
end $$;
