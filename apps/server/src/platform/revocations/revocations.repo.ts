import { sql } from 'kysely';
import type { Doors, TenantTx } from '../database/index.ts';

export type RevokedKind = 'session' | 'user' | 'principal' | 'tenant' | 'client' | 'access' | 'api_key';
/** What the log tells; changed settings end nothing, and are told to processes of this server alone. */
export type LoggedKind = RevokedKind | 'settings';

export interface Revoked {
  id: string;
  epoch: number;
  /** Whose session or membership it was. */
  user_id?: string | null;
  client_id?: string;
}

/** Appends to the log that processes and services follow by cursor: what this subject's tokens say is true no more. */
export async function insertRevocations(
  tx: TenantTx,
  kind: LoggedKind,
  subjects: readonly Revoked[],
  now: Date,
): Promise<void> {
  if (subjects.length === 0) return;
  await tx
    .insertInto('revocations')
    .values(
      subjects.map(({ id, epoch, user_id, client_id }) => ({
        tenant_id: tx.tenantId,
        kind,
        subject_id: id,
        user_id: kind === 'user' ? id : (user_id ?? null),
        client_id: client_id ?? null,
        epoch,
        created_at: now,
      })),
    )
    .execute();
}

/**
 * What roles hold, the catalog or the policies of the entered tenant changed: nothing ends, and whoever decides by a copy of them gets
 * a new one.
 */
export const tellAccessChanged = (tx: TenantTx, now: Date): Promise<void> =>
  insertRevocations(tx, 'access', [{ id: tx.tenantId, epoch: 0 }], now);

/** For the `returning` of a statement on `principals`: whose they are, also where the statement deletes them. */
export const userOfPrincipal = sql<string | null>`
  (select m.user_id from gatehouse.memberships m where m.tenant_id = principals.tenant_id and m.id = principals.id)`.as(
  'user_id',
);

/** The same of a service: which client it is. */
export const clientOfPrincipal = sql<string | null>`
  (select c.client_id from gatehouse.clients c where c.tenant_id = principals.tenant_id and c.id = principals.id)`.as(
  'client_id',
);

/** A place in the log: everything before it has been read. */
export interface LogPlace {
  xid: string;
  seq: string;
}
export const LOG_START: LogPlace = { xid: '0', seq: '0' };

export interface LogRow extends LogPlace {
  tenant_id: string;
  kind: LoggedKind;
  subject_id: string;
  user_id: string | null;
  client_id: string | null;
  created_at: Date;
  /** Other tenants whose guests it is about. */
  seen_by: string[];
}

/** An entry that ends or changes something for services: what followers outside are told. */
export type RevocationRow = LogRow & { kind: RevokedKind };
export const isRevocation = (row: LogRow): row is RevocationRow => row.kind !== 'settings';

/** A look at the log, and the snapshot that it was taken in. */
export interface LogRead {
  rows: LogRow[];
  /** The oldest running transaction: nothing can be added before it any more. */
  horizon: string;
  newest: string;
  readAt: Date;
}

interface Row extends Record<keyof LogRow, unknown> {
  horizon: string;
  newest: string;
  read_at: Date;
}

/** The one statement that reads the log, and its values (docs/security/rls-exceptions.md). */
export const readStatement = (after: LogPlace, tenantId: string | null, limit: number) => ({
  text: 'select * from gatehouse.revocation_log($1, $2, $3, $4)',
  values: [after.xid, after.seq, tenantId, limit],
});

/** What the statement answers; there is one row at least. */
export function asLogRead(rows: readonly object[]): LogRead {
  const [first, ...rest] = rows as [Row, ...Row[]];
  return {
    rows: (first.xid === null ? [] : [first, ...rest]) as unknown as LogRow[],
    horizon: first.horizon,
    newest: first.newest,
    readAt: first.read_at,
  };
}

/** The log after a place in it; of one tenant's concern, or all of it. */
export async function loadRevocations(
  doors: Doors,
  after: LogPlace,
  tenantId: string | null,
  limit: number,
): Promise<LogRead> {
  const { text, values } = readStatement(after, tenantId, limit);
  return asLogRead(await doors.call(text, values));
}
