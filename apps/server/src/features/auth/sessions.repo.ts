import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { PrincipalId, SessionId, TenantId, UserId } from '../../platform/ids.ts';
import { sql } from 'kysely';
import { loadConnectionOf } from '../sessions/index.ts';
import { sessionRulesOf } from '../settings/index.ts';
import { holdActiveTenant } from './account.repo.ts';
import type { Vouched } from './proof-time.ts';

/** What tokens and the answer to a sign-in say of a session. */
export interface TokenSubject {
  user_id: UserId;
  email: string;
  name: string;
  user_created_at: Date;
  active_tenant_id: TenantId;
  session_expires_at: Date;
  amr: string[];
  auth_time: Date;
  role_names: string[];
}

/** What a session stands for at this moment: its user, the tenant it works in, the roles it holds there. */
export interface SessionContext extends TokenSubject {
  user_status: string;
  client_id: string;
  tenant_name: string;
  tenant_type: string;
  tenant_status: string;
  principal_id: PrincipalId;
  session_created_at: Date;
  tenant_permissions: string[];
}

export interface NewSession {
  id: SessionId;
  userId: UserId;
  activeTenantId: TenantId;
  clientId: string;
  secretHash: Buffer;
  agentHash: Buffer;
  amr: string[];
  authTime: Date;
  now: Date;
  idleExpiresAt: Date;
  expiresAt: Date;
  ip: string;
  userAgent: string;
  /** By which identity provider, where one vouched for the user: without its connection the session ends. */
  vouched: Vouched | undefined;
  /** Under another id before, and by the same connection. */
  replaces: SessionId | undefined;
}

const ofTenant = (tx: TenantTx, length: 'idleMinutes' | 'maxMinutes') =>
  sql<number | null>`(select (t.settings #>> array['session', ${sql.lit(length)}])::integer
    from gatehouse.tenants t where t.id = ${tx.tenantId})`;

/** False when the user was deleted between the password and now, or the connection changed or put out of service. */
export async function insertSession(tx: TenantTx, session: NewSession): Promise<boolean> {
  const { now } = session;
  // SECURITY: who suspends the client ends its sessions under the same lock, held alone: none slips in between. (The tenant's row
  // does the same for the tenant: the foreign key locks it.) Nor does one slip in with the old lengths while the tenant's are made
  // shorter: the INSERT reads them under the lock.
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('sessions of client ' || ${session.clientId}, 0)),
    pg_advisory_xact_lock_shared(${sessionRulesOf(tx)})`.execute(tx);
  const { vouched, replaces } = session;
  const connectionId =
    vouched?.connectionId ?? (replaces === undefined ? null : await loadConnectionOf(tx, replaces));
  if (connectionId !== null && !(await holdConnection(tx, connectionId, vouched?.asOf))) return false;
  const insert = tx.insertInto('sessions').values({
    tenant_id: tx.tenantId,
    id: session.id,
    connection_id: connectionId,
    user_id: session.userId,
    home_principal_id: sql<string>`(select m.id from gatehouse.memberships m where m.tenant_id = ${tx.tenantId}
      and m.user_tenant_id = ${tx.tenantId} and m.user_id = ${session.userId})`,
    client_id: session.clientId,
    active_tenant_id: session.activeTenantId,
    rotated_at: now,
    family_secret_hash: session.secretHash,
    agent_hash: session.agentHash,
    amr: session.amr,
    auth_time: session.authTime,
    created_at: now,
    last_used_at: now,
    // The tenant's own lengths, where it says less than the deployment: read by the INSERT itself, so that signing in asks nothing
    // more (docs/adr/0046).
    idle_minutes: ofTenant(tx, 'idleMinutes'),
    idle_expires_at: sql<Date>`least(${session.idleExpiresAt}::timestamptz,
      ${now}::timestamptz + make_interval(mins => ${ofTenant(tx, 'idleMinutes')}),
      ${now}::timestamptz + make_interval(mins => ${ofTenant(tx, 'maxMinutes')}))`,
    // One that a provider let in ends when the provider said, under whichever id it goes on.
    expires_at: sql<Date>`least(${session.expiresAt}::timestamptz, ${connectionId === null || replaces === undefined ? null : endOf(tx, replaces)},
      ${now}::timestamptz + make_interval(mins => ${ofTenant(tx, 'maxMinutes')}))`,
    renewals_since: now,
    ip: session.ip,
    user_agent: session.userAgent,
  });
  try {
    await insert.execute();
  } catch (error) {
    // foreign_key_violation, not_null_violation: there is no such user any more.
    const { code } = error as { code?: string };
    if (code === '23503' || code === '23502') return false;
    throw error;
  }
  return true;
}

const endOf = (tx: TenantTx, sessionId: SessionId) =>
  sql<Date>`(select x.expires_at from gatehouse.sessions x where x.tenant_id = ${tx.tenantId} and x.id = ${sessionId})`;

/**
 * SECURITY: who takes a connection out of service, or a certificate from it, ends its sessions under the same lock: none slips in
 * between, by an answer that was judged before or a sign-in that waited for its second factor (threat 45).
 */
async function holdConnection(tx: TenantTx, id: string, asOf: Date | undefined): Promise<boolean> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('sessions of connection ' || ${id}::text, 0))`.execute(
    tx,
  );
  const found = await sql<{ status: string; tenant_status: string }>`
    select status, tenant_status from gatehouse.find_connection(${id})`.execute(tx);
  const [row] = found.rows;
  if (row?.status !== 'enabled' || row.tenant_status !== 'active') return false;
  if (asOf === undefined) return true;
  // Of the platform's, which lie elsewhere, nothing is changed while a deployment runs.
  const changed = await tx
    .selectFrom('connections')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    // Another time, not a later one: the clock of the node that changed it may be behind.
    .where('updated_at', '<>', asOf)
    .executeTakeFirst();
  return changed === undefined;
}

/**
 * Holds what a session stands on while it goes on under another id: the home, and the tenant that it works in. False when the home
 * is not active.
 *
 * SECURITY: who suspends the one or the other, or a membership there, ends the sessions that stand on it under the same locks: none
 * slips in between. All take them in the order of docs/adr/0059, or they would wait for each other.
 */
export async function holdGround(tx: TenantTx, activeTenantId: TenantId, clientId: string): Promise<boolean> {
  // With the tenant's row in hand, `insertSession` would wait for who changes lengths, and they for the row.
  await sql`select pg_advisory_xact_lock_shared(${sessionRulesOf(tx)})`.execute(tx);
  if (activeTenantId !== tx.tenantId)
    await sql`select pg_advisory_xact_lock_shared(hashtextextended('guest sessions in ' || ${activeTenantId}::text, 0))`.execute(
      tx,
    );
  if (!(await holdActiveTenant(tx))) return false;
  // `insertSession` comes to it with the session in hand that ends, and who suspends the client takes that afterwards.
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('sessions of client ' || ${clientId}, 0))`.execute(
    tx,
  );
  return true;
}

/** What a session goes on with under another id: neither its end nor the time of its sign-in moves. */
export function loadSessionLife(tx: TenantTx, sessionId: SessionId) {
  return tx
    .selectFrom('sessions')
    .select(['auth_time as authTime', 'expires_at as expiresAt'])
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', sessionId)
    .executeTakeFirst();
}

/** One function call: the session, its user, its tenant and its roles, or nothing when any of them no longer stands. */
export async function loadSessionContext(
  doors: Doors,
  tenantId: TenantId,
  sessionId: SessionId,
  now: Date,
): Promise<SessionContext | undefined> {
  const [row] = await doors.call<SessionContext & Record<string, unknown>>(
    'select * from gatehouse.session_context($1, $2, $3)',
    [tenantId, sessionId, now],
  );
  return row;
}

/** The same inside the transaction that has just opened the session. */
export async function loadOpenedSession(
  tx: TenantTx,
  { id, activeTenantId }: { id: SessionId; activeTenantId: TenantId },
  now: Date,
): Promise<SessionContext | undefined> {
  const result =
    await sql<SessionContext>`select * from gatehouse.session_context(${tx.tenantId}, ${id}, ${now})`.execute(
      tx,
    );
  // The function leaves entered the tenant that the session works in.
  if (activeTenantId !== tx.tenantId)
    await sql`select set_config('gatehouse.tenant_id', ${tx.tenantId}, true)`.execute(tx);
  return result.rows[0];
}

/** `replay again`: the same lost answer for the second time and later. */
export type RenewalOutcome = 'renewed' | 'replay' | 'replay again' | 'limited' | 'spent';
export interface Renewal extends TokenSubject {
  outcome: RenewalOutcome;
  new_generation: number;
  rotated_at: Date;
  limit_resets_at: Date;
  remaining: number;
}

export interface RenewalRequest {
  tenantId: TenantId;
  sessionId: SessionId;
  generation: number;
  secretHash: Buffer;
  agentHash: Buffer;
  clientId: string;
}

/** The same for whoever renews at this moment. */
export interface RenewalTerms {
  now: Date;
  idleDays: number;
  replaySeconds: number;
  perMinute: number;
}

/** One conditional UPDATE (db/migrations/0053_renewal_in_one_value.sql); nothing when the session is gone. */
export async function renewSession(
  doors: Doors,
  r: RenewalRequest,
  terms: RenewalTerms,
): Promise<Renewal | undefined> {
  const [row] = await doors.call<{ renewal: AsJson<Renewal> | null }>(
    `select gatehouse.renew_session_as_json(
       $1, $2, $3, $4, $5, $6, $7, make_interval(days => $8), make_interval(secs => $9), $10) as renewal`,
    [r.tenantId, r.sessionId, r.generation, r.secretHash, r.agentHash, r.clientId, ...valuesOf(terms)],
  );
  return fromJson(row?.renewal ?? null);
}

/**
 * The same for several, in one statement and one commit (db/migrations/0140_renewals_together.sql). It fails as a whole.
 *
 * @param requests in the order of their sessions, so that two who renew the same ones do not wait for each other
 */
export async function renewSessions(
  doors: Doors,
  requests: readonly RenewalRequest[],
  terms: RenewalTerms,
): Promise<(Renewal | undefined)[]> {
  const [row] = await doors.call<{ renewals: (AsJson<Renewal> | null)[] }>(
    `select gatehouse.renew_sessions_as_json(
       $1, $2, $3, $4, $5, $6, $7, make_interval(days => $8), make_interval(secs => $9), $10) as renewals`,
    [
      requests.map((r) => r.tenantId),
      requests.map((r) => r.sessionId),
      requests.map((r) => r.generation),
      requests.map((r) => r.secretHash),
      requests.map((r) => r.agentHash),
      requests.map((r) => r.clientId),
      ...valuesOf(terms),
    ],
  );
  return (row?.renewals ?? []).map(fromJson);
}

const valuesOf = ({ now, idleDays, replaySeconds, perMinute }: RenewalTerms) => [
  now,
  idleDays,
  replaySeconds,
  perMinute,
];

const fromJson = (renewal: AsJson<Renewal> | null): Renewal | undefined =>
  renewal === null
    ? undefined
    : {
        ...renewal,
        rotated_at: new Date(renewal.rotated_at),
        limit_resets_at: new Date(renewal.limit_resets_at),
        user_created_at: new Date(renewal.user_created_at),
        session_expires_at: new Date(renewal.session_expires_at),
        auth_time: new Date(renewal.auth_time),
      };

/** A row as `row_to_json()` writes it: JSON has no dates. */
type AsJson<Row> = { [Column in keyof Row]: Row[Column] extends Date ? string : Row[Column] };
