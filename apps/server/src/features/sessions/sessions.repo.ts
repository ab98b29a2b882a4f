import { type RawBuilder, sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';
import type { SessionId, UserId } from '../../platform/ids.ts';

/**
 * The entered tenant, its row held by the statement that ends sessions before any of them: what tells the followers holds it by a
 * foreign key, and who suspends the tenant takes it before the sessions (docs/adr/0059).
 */
const tenantHeld = (tx: TenantTx) =>
  sql<string>`(select t.id from gatehouse.tenants t where t.id = ${tx.tenantId} for key share)`;

/** Whether a session still stands. Whoever holds its user's row is told what stays true until they commit. */
export const isSessionLive = async (tx: TenantTx, sessionId: SessionId): Promise<boolean> =>
  (await loadSession(tx, sessionId)) !== undefined;

/** Ends one session and tells the followers, in the caller's transaction. False when it had ended already. */
export async function endSession(
  tx: TenantTx,
  sessionId: SessionId,
  reason: string,
  now: Date,
): Promise<boolean> {
  const rows = await tx
    .updateTable('sessions')
    .set({ ended_at: now, end_reason: reason, epoch: sql`epoch + 1` })
    .where('tenant_id', '=', tenantHeld(tx))
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .returning(['id', 'epoch', 'user_id'])
    .execute();
  await insertRevocations(tx, 'session', rows, now);
  return rows.length > 0;
}

/** Ends one session, if it is that user's. */
export async function endSessionOf(
  tx: TenantTx,
  userId: UserId,
  sessionId: SessionId,
  reason: string,
  now: Date,
): Promise<boolean> {
  const found = await loadSession(tx, sessionId);
  return found?.user_id === userId && endSession(tx, sessionId, reason, now);
}

/**
 * The ids of the entered tenant's open sessions that are meant, each of them held. In the order of their ids, so that no two who end or
 * change many at once wait for each other, whatever their plans are (docs/adr/0059).
 */
export const openSessions = (tx: TenantTx, isMeant: RawBuilder<boolean>) =>
  sql<string>`(select s.id from gatehouse.sessions s
    where s.tenant_id = ${tenantHeld(tx)} and s.ended_at is null and ${isMeant} order by s.id for update)`;

const endThose = (tx: TenantTx, isMeant: RawBuilder<boolean>, reason: string, now: Date) =>
  tx
    .updateTable('sessions')
    .set({ ended_at: now, end_reason: reason, epoch: sql`epoch + 1` })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', 'in', openSessions(tx, isMeant));

async function endAndTell(
  tx: TenantTx,
  isMeant: RawBuilder<boolean>,
  reason: string,
  now: Date,
): Promise<number> {
  const rows = await endThose(tx, isMeant, reason, now).returning(['id', 'epoch', 'user_id']).execute();
  // A statement has 65 535 parameters at most.
  for (let from = 0; from < rows.length; from += 1000)
    await insertRevocations(tx, 'session', rows.slice(from, from + 1000), now);
  return rows.length;
}

/** Ends all sessions of a user, or those that one connection opened, but for the one to keep. */
export const endSessionsOf = (
  tx: TenantTx,
  userId: UserId,
  reason: string,
  now: Date,
  { keep, connectionId }: { keep?: SessionId; connectionId?: string } = {},
): Promise<number> =>
  endAndTell(
    tx,
    sql<boolean>`s.user_id = ${userId} and s.id is distinct from ${keep ?? null}::uuid
      and (${connectionId ?? null}::uuid is null or s.connection_id = ${connectionId ?? null}::uuid)`,
    reason,
    now,
  );

/** Ends the sessions of the entered tenant's users that were opened by none of these methods. */
export const endSessionsWithout = (
  tx: TenantTx,
  methods: readonly string[],
  reason: string,
  now: Date,
): Promise<number> => endAndTell(tx, sql<boolean>`not s.amr && ${[...methods]}::text[]`, reason, now);

/** Ends the sessions of the entered tenant's users that no identity provider of the tenant's own has opened. */
export const endSessionsWithoutConnection = (tx: TenantTx, reason: string, now: Date): Promise<number> =>
  endAndTell(
    tx,
    sql<boolean>`(s.connection_id is null or not exists (select from gatehouse.connections c
      where c.tenant_id = ${tx.tenantId} and c.id = s.connection_id))`,
    reason,
    now,
  );

/** Ends every session of the entered tenant's users. Followers are told by the tenant's own epoch, not session by session. */
export async function endAllSessions(tx: TenantTx, reason: string, now: Date): Promise<number> {
  const result = await endThose(tx, sql<boolean>`true`, reason, now).executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/**
 * For who is about to end them: no guest's session begins in the entered tenant until the transaction ends. Before any row of the
 * tenant or of a session, as whoever switches takes them (features/auth, `holdGround`).
 */
export async function lockGuestSessions(tx: TenantTx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('guest sessions in ' || ${tx.tenantId}::text, 0))`.execute(
    tx,
  );
}

/**
 * For who is about to end an account: no tenant in which it is a guest is suspended until the transaction ends. Before any session,
 * as whoever suspends takes them: the end of a membership there holds that tenant's row.
 */
export async function holdPlacesOf(tx: TenantTx, userId: UserId): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('guest sessions in ' || m.tenant_id::text, 0))
    from (select e.tenant_id from gatehouse.memberships_elsewhere(${userId}) e order by e.tenant_id) m`.execute(
    tx,
  );
}

/** Ends the sessions with which a guest works in the entered tenant, or with which all guests do. They lie in the guests' homes. */
export async function endGuestSessions(
  tx: TenantTx,
  userId: UserId | null,
  reason: string,
  now: Date,
): Promise<number> {
  const result = await sql<{ ended: number }>`
    select gatehouse.end_guest_sessions(${userId}, ${reason}, ${now}) as ended`.execute(tx);
  return result.rows[0]?.ended ?? 0;
}

export interface SessionFilter {
  userId: UserId;
  now: Date;
  after: { createdAt: Date; id: string } | undefined;
  limit: number;
}

export function listSessions(tx: TenantTx, { userId, now, after, limit }: SessionFilter) {
  let query = tx
    .selectFrom('sessions')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .where('idle_expires_at', '>', now);
  if (after !== undefined)
    query = query.where((eb) =>
      eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.createdAt, after.id)),
    );
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

export function loadSession(tx: TenantTx, sessionId: string) {
  return tx
    .selectFrom('sessions')
    .select(['id', 'user_id'])
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
}

/** The connection that let in whoever has this session of a user of the entered tenant. */
export async function loadConnectionOf(tx: TenantTx, sessionId: SessionId): Promise<string | null> {
  const row = await tx
    .selectFrom('sessions')
    .select('connection_id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', sessionId)
    .executeTakeFirst();
  return row?.connection_id ?? null;
}

/** Whether nothing but what a provider said opened a session and keeps it recent: neither a password nor a second factor. */
export async function isProvedByConnectionAlone(tx: TenantTx, sessionId: SessionId): Promise<boolean> {
  const row = await tx
    .selectFrom('sessions')
    .select('amr')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', sessionId)
    .executeTakeFirst();
  return row !== undefined && row.amr.every((method) => method === 'fed');
}

/** Whether the user's home is this tenant: where its sessions are. */
export async function isUserHere(tx: TenantTx, userId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('users')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', userId)
    .executeTakeFirst();
  return found !== undefined;
}
