import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';

export interface NewConsent {
  id: string;
  userId: UserId;
  purpose: string;
  version: string;
  state: 'granted' | 'withdrawn';
  evidence: SealedEvidence | null;
  correlationId: string;
  now: Date;
}

/** The salted hash of address and browser, and both with the salt under the person's key. */
export interface SealedEvidence {
  h: string;
  c: string;
}

export async function insertConsent(tx: TenantTx, consent: NewConsent): Promise<void> {
  await tx
    .insertInto('consents')
    .values({
      tenant_id: tx.tenantId,
      id: consent.id,
      user_id: consent.userId,
      purpose: consent.purpose,
      version: consent.version,
      state: consent.state,
      evidence: consent.evidence === null ? null : sql<never>`${JSON.stringify(consent.evidence)}::jsonb`,
      correlation_id: consent.correlationId,
      occurred_at: consent.now,
    })
    .execute();
}

const isCurrent = sql<boolean>`not exists (select from gatehouse.consents n where n.tenant_id = c.tenant_id
  and n.user_id = c.user_id and n.purpose = c.purpose and n.seq > c.seq)`;

/** Newest first. */
export function listConsents(
  tx: TenantTx,
  of: { userId: UserId; current: boolean; before: string | undefined; limit: number },
) {
  let query = tx
    .selectFrom('consents as c')
    .selectAll('c')
    .select(isCurrent.as('is_current'))
    .where('c.tenant_id', '=', tx.tenantId)
    .where('c.user_id', '=', of.userId);
  if (of.current) query = query.where(isCurrent);
  if (of.before !== undefined) query = query.where('c.seq', '<', of.before);
  return query.orderBy('c.seq', 'desc').limit(of.limit).execute();
}
export type ConsentRow = Awaited<ReturnType<typeof listConsents>>[number];

/** What counts for a purpose; undefined where it was never asked for. */
export function loadCurrentConsent(tx: TenantTx, userId: UserId, purpose: string) {
  return tx
    .selectFrom('consents as c')
    .selectAll('c')
    .select(sql<boolean>`true`.as('is_current'))
    .where('c.tenant_id', '=', tx.tenantId)
    .where('c.user_id', '=', userId)
    .where('c.purpose', '=', purpose)
    .orderBy('c.seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Holds the user, so that what is decided twice at once is decided in an order. False for a user who is not here any more. */
export async function holdUser(tx: TenantTx, userId: UserId): Promise<boolean> {
  const found = await tx
    .selectFrom('users')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', userId)
    .forUpdate()
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether the tenant knows such a user, or a trail of one who is gone. */
export async function isKnownHere(tx: TenantTx, userId: string): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`
    select exists (select from gatehouse.users u where u.tenant_id = ${tx.tenantId} and u.id = ${userId})
      or exists (select from gatehouse.consents c where c.tenant_id = ${tx.tenantId} and c.user_id = ${userId}) as known`.execute(
    tx,
  );
  return rows[0]?.known === true;
}
