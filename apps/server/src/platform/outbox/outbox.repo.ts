import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../database/index.ts';
import { newId, type TenantId } from '../ids.ts';
import type { Backlog } from '../metrics/index.ts';

export interface NewMessage {
  type: string;
  payloadSealed: string;
  /** Whom it goes to (`addressIndex`); null for a message that nobody is meant to get. */
  address: Buffer | null;
  correlationId: string;
  /** Of the span in which it was written; null where that is not traced. */
  spanId: string | null;
  now: Date;
  /** Set for a message that nobody is meant to get. */
  deliveredAt: Date | null;
}

export async function insertMessage(tx: TenantTx, id: string, message: NewMessage): Promise<void> {
  await tx
    .insertInto('outbox')
    .values({
      tenant_id: tx.tenantId,
      id,
      topic: 'mail',
      type: message.type,
      payload_sealed: message.payloadSealed,
      address: message.address,
      correlation_id: message.correlationId,
      span_id: message.spanId,
      created_at: message.now,
      available_at: message.now,
      delivered_at: message.deliveredAt,
    })
    .execute();
}

export interface DueMessage {
  tenant_id: TenantId;
  id: string;
  type: string;
  payload_sealed: string;
  correlation_id: string;
  span_id: string | null;
  attempts: number;
  created_at: Date;
  /** By this the claim is known: another one ends at another time. */
  claimed_until: Date;
}

/** Claims what is due, one conditional statement for all dispatchers; a claim lapses when its dispatcher dies. */
export async function claimDue(
  tx: SystemTx,
  now: Date,
  claimSeconds: number,
  limit: number,
): Promise<DueMessage[]> {
  const result = await sql<DueMessage>`
    update gatehouse.outbox o set claimed_until = ${now}::timestamptz + make_interval(secs => ${claimSeconds}), attempts = o.attempts + 1
    where (o.tenant_id, o.id) in (
      select d.tenant_id, d.id from gatehouse.outbox d
      where d.delivered_at is null and d.failed_at is null and d.available_at <= ${now}
        and (d.claimed_until is null or d.claimed_until <= ${now})
      order by d.available_at, d.id limit ${limit} for update skip locked)
    returning o.tenant_id, o.id, o.type, o.payload_sealed, o.correlation_id, o.span_id, o.attempts, o.created_at, o.claimed_until`.execute(
    tx,
  );
  // RETURNING has no order of its own: ids are made in the order of the acts.
  return result.rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Gives claims back as if they had never been made: nobody tried to deliver the messages. One that has lapsed, and that another
 * process has claimed since, is that one's.
 */
export async function releaseClaims(tx: SystemTx, messages: readonly DueMessage[]): Promise<void> {
  await sql`
    update gatehouse.outbox o set claimed_until = null, attempts = greatest(o.attempts - 1, 0)
    from unnest(${messages.map((each) => each.tenant_id)}::uuid[], ${messages.map((each) => each.id)}::uuid[],
      ${messages.map((each) => each.claimed_until)}::timestamptz[]) as r(tenant_id, id, claimed_until)
    where o.tenant_id = r.tenant_id and o.id = r.id and o.claimed_until = r.claimed_until`.execute(tx);
}

/** What is not delivered yet, and since when the oldest of it waits. */
export async function loadBacklog(tx: SystemTx): Promise<Backlog> {
  const row = await tx
    .selectFrom('outbox')
    .select(({ fn }) => [fn.countAll<string>().as('count'), fn.min('created_at').as('oldest')])
    .where('delivered_at', 'is', null)
    .where('failed_at', 'is', null)
    .executeTakeFirst();
  return { count: Number(row?.count ?? 0), oldest: row?.oldest ?? null };
}

/**
 * Delivered: the row stays for the record, what it carried does not. So it is whoever has claimed it since: they may be about to
 * send it once more, and nobody must a third time.
 */
export async function markDelivered(tx: SystemTx, message: DueMessage, now: Date): Promise<void> {
  await tx
    .updateTable('outbox')
    .set({
      delivered_at: now,
      claimed_until: null,
      failed_at: null,
      payload_sealed: '',
      address: null,
      last_error: null,
    })
    .where('tenant_id', '=', message.tenant_id)
    .where('id', '=', message.id)
    .execute();
}

/** Refused now, or for good; by whom it has been claimed since, that is for them to say. */
export async function markFailed(
  tx: SystemTx,
  message: DueMessage,
  failure: { again: Date | null; now: Date; error: string },
): Promise<void> {
  await tx
    .updateTable('outbox')
    .set({
      claimed_until: null,
      last_error: failure.error.slice(0, 300),
      ...(failure.again === null
        ? { failed_at: failure.now, payload_sealed: '', address: null }
        : { available_at: failure.again }),
    })
    .where('tenant_id', '=', message.tenant_id)
    .where('id', '=', message.id)
    .where('claimed_until', '=', message.claimed_until)
    .execute();
}

export const newMessageId = (): string => newId<'message'>();
