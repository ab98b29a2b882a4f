import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { newId, type PrincipalId } from '../../platform/ids.ts';
import { withinUserLimit } from '../people/index.ts';
import { roleNamesOfMember } from '../roles/index.ts';

// `m`, as where roles are read of members: the principal of an invitation has its id, and holds what it will give.
const waiting = (tx: TenantTx, now: Date) =>
  tx
    .selectFrom('invitations as m')
    .select([
      'm.id',
      'm.tenant_id',
      'm.email',
      'm.email_key',
      roleNamesOfMember(now).as('roles'),
      sql<ClosedAs | null>`null::text`.as('outcome'),
      'm.import_id',
      sql<MailState | null>`(select case when o.delivered_at is not null then 'sent' when o.failed_at is not null then 'failed' else 'waiting' end
        from gatehouse.outbox o where o.tenant_id = m.tenant_id and o.id = m.mail_id)`.as('mail'),
      'm.invited_by',
      'm.invited_by_tenant',
      'm.created_at',
      'm.sent_at',
      'm.expires_at',
      sql<Date | null>`null::timestamptz`.as('closed_at'),
    ])
    .where('m.tenant_id', '=', tx.tenantId);
export type InvitationRow = NonNullable<Awaited<ReturnType<typeof loadOpenInvitation>>>;

const closed = (tx: TenantTx) =>
  tx
    .selectFrom('closed_invitations as m')
    .select([
      'm.id',
      'm.tenant_id',
      'm.email',
      'm.email_key',
      'm.roles',
      sql<ClosedAs | null>`m.outcome`.as('outcome'),
      'm.import_id',
      sql<MailState | null>`null::text`.as('mail'),
      'm.invited_by',
      'm.invited_by_tenant',
      'm.created_at',
      'm.sent_at',
      'm.expires_at',
      sql<Date | null>`m.closed_at`.as('closed_at'),
    ])
    .where('m.tenant_id', '=', tx.tenantId);

export type ClosedAs = 'accepted' | 'revoked';
type MailState = 'waiting' | 'sent' | 'failed';

export interface InvitationFilter {
  status: 'open' | 'expired' | ClosedAs | undefined;
  importId: string | undefined;
  after: { createdAt: Date; id: string } | undefined;
  limit: number;
}

/** Newest first. */
export function listInvitations(tx: TenantTx, filter: InvitationFilter, now: Date) {
  const { status, importId, after, limit } = filter;
  let here = waiting(tx, now);
  let over = closed(tx);
  if (status === 'open' || status === 'expired')
    here = here.where('m.expires_at', status === 'open' ? '>' : '<=', now);
  else if (status !== undefined) over = over.where('m.outcome', '=', status);
  if (importId !== undefined) {
    here = here.where('m.import_id', '=', importId);
    over = over.where('m.import_id', '=', importId);
  }
  if (after !== undefined) {
    const older = sql<boolean>`(m.created_at, m.id) < (${after.createdAt}, ${after.id})`;
    here = here.where(older);
    over = over.where(older);
  }
  const all =
    status === undefined ? here.unionAll(over) : status === 'open' || status === 'expired' ? here : over;
  return all.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

/** One that waits or has expired. */
export const loadOpenInvitation = (tx: TenantTx, id: string, now: Date) =>
  waiting(tx, now).where('m.id', '=', id).executeTakeFirst();

/** The same, or what became of it. */
export const loadInvitation = async (tx: TenantTx, id: string, now: Date) =>
  (await loadOpenInvitation(tx, id, now)) ?? (await closed(tx).where('m.id', '=', id).executeTakeFirst());

/**
 * The same, held until the transaction ends. Whoever changes an invitation and its link takes the invitation first, so that no
 * two wait for each other.
 */
export const loadInvitationForUpdate = (tx: TenantTx, id: string, now: Date) =>
  waiting(tx, now).where('m.id', '=', id).forUpdate('m').executeTakeFirst();

/** What an address was sent before and did not take in time, held until the transaction ends. */
export const loadExpiredForUpdate = (tx: TenantTx, emailKey: string, now: Date) =>
  waiting(tx, now)
    .where('m.email_key', '=', emailKey)
    .where('m.expires_at', '<=', now)
    .forUpdate('m')
    .executeTakeFirst();

export interface NewInvitation {
  email: string;
  emailKey: string;
  invitedBy: { userId: string; tenantId: string };
  now: Date;
  expiresAt: Date;
  /** The file that it came with. */
  importId: string | null;
}

/** An invitation and the principal in waiting. Undefined where the address has one. */
export async function insertInvitation(
  tx: TenantTx,
  invitation: NewInvitation,
): Promise<PrincipalId | undefined> {
  const { email, emailKey, invitedBy, now, expiresAt, importId } = invitation;
  const id = newId<'principal'>();
  const common = { tenant_id: tx.tenantId, id, created_at: now };
  await tx
    .insertInto('principals')
    .values({ ...common, kind: 'member', status: 'suspended' })
    .execute();
  const inserted = await tx
    .insertInto('invitations')
    .values({
      ...common,
      email,
      email_key: emailKey,
      invited_by: invitedBy.userId,
      invited_by_tenant: invitedBy.tenantId,
      sent_at: now,
      expires_at: expiresAt,
      import_id: importId,
    })
    .onConflict((oc) => oc.columns(['tenant_id', 'email_key']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n ? id : undefined;
}

/** Which of these addresses have an open invitation. */
export async function listAddressesInvited(
  tx: TenantTx,
  keys: readonly string[],
  now: Date,
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await tx
    .selectFrom('invitations')
    .select('email_key')
    .where('tenant_id', '=', tx.tenantId)
    .where('email_key', 'in', [...keys])
    .where('expires_at', '>', now)
    .execute();
  return new Set(rows.map(({ email_key: key }) => key));
}

/** How many invitations of one file are in which state, and what became of their mail. */
export async function countImport(tx: TenantTx, importId: string, now: Date) {
  const rows = await sql<{ status: string; mail: MailState | null; count: string }>`
    select x.status, x.mail, count(*) as count from (
      select case when i.expires_at > ${now} then 'open' else 'expired' end as status,
          case when o.delivered_at is not null then 'sent' when o.failed_at is not null then 'failed' when o.id is not null then 'waiting' end as mail
        from gatehouse.invitations i left join gatehouse.outbox o on o.tenant_id = i.tenant_id and o.id = i.mail_id
        where i.tenant_id = ${tx.tenantId} and i.import_id = ${importId}
      union all
      select c.outcome, null from gatehouse.closed_invitations c where c.tenant_id = ${tx.tenantId} and c.import_id = ${importId}) x
    group by x.status, x.mail`.execute(tx);
  const of = (matches: (row: { status: string; mail: MailState | null }) => boolean) =>
    rows.rows.filter(matches).reduce((sum, { count }) => sum + Number(count), 0);
  const inState = (wanted: string) => of(({ status }) => status === wanted);
  const withMail = (wanted: MailState) => of(({ mail }) => mail === wanted);
  return {
    invited: of(() => true),
    mail: { waiting: withMail('waiting'), sent: withMail('sent'), failed: withMail('failed') },
    status: {
      open: inState('open'),
      expired: inState('expired'),
      accepted: inState('accepted'),
      revoked: inState('revoked'),
    },
  };
}

/** How many were promised a place and have not taken it. */
export async function countOpenInvitations(tx: TenantTx, now: Date): Promise<number> {
  const { count } = await tx
    .selectFrom('invitations')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('tenant_id', '=', tx.tenantId)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Which mail has its link, and until when that is good. */
export async function markSent(
  tx: TenantTx,
  id: string,
  sent: { mailId: string; at: Date; expiresAt: Date },
): Promise<void> {
  await tx
    .updateTable('invitations')
    .set({ sent_at: sent.at, expires_at: sent.expiresAt, mail_id: sent.mailId })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/**
 * Takes the invitation away; its principal and the roles go with it, unless somebody has accepted. What became of it is kept for a
 * while. False when it was away already.
 */
export async function closeInvitation(
  tx: TenantTx,
  row: InvitationRow,
  as: { outcome: ClosedAs; acceptedBy: string | null; now: Date },
): Promise<boolean> {
  const result = await tx
    .deleteFrom('invitations')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', row.id)
    .executeTakeFirst();
  if (result.numDeletedRows !== 1n) return false;
  const { id, email, email_key, roles, import_id, invited_by, invited_by_tenant, created_at } = row;
  const { outcome, acceptedBy, now } = as;
  await tx
    .insertInto('closed_invitations')
    .values({
      tenant_id: tx.tenantId,
      id,
      email,
      email_key,
      roles,
      import_id,
      invited_by,
      invited_by_tenant,
      created_at,
      sent_at: row.sent_at,
      expires_at: row.expires_at,
      outcome,
      accepted_by: acceptedBy,
      closed_at: now,
    })
    .execute();
  return true;
}

/** From now on the principal counts, and what it holds. */
export async function activatePrincipal(tx: TenantTx, id: string): Promise<void> {
  await tx
    .updateTable('principals')
    .set({ status: 'active' })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/**
 * Binds the principal in waiting to a guest, or says why it cannot be.
 *
 * @throws {Problem} `tenants.user_limit_reached`
 */
export async function bindGuest(
  tx: TenantTx,
  id: string,
  guest: { tenantId: string; userId: string },
  now: Date,
): Promise<'bound' | 'exists' | 'unknown_user'> {
  try {
    const inserted = await withinUserLimit(
      tx
        .insertInto('memberships')
        .values({
          tenant_id: tx.tenantId,
          id,
          user_tenant_id: guest.tenantId,
          user_id: guest.userId,
          created_at: now,
        })
        .onConflict((oc) => oc.columns(['tenant_id', 'user_tenant_id', 'user_id']).doNothing())
        .executeTakeFirst(),
    );
    return inserted.numInsertedOrUpdatedRows === 1n ? 'bound' : 'exists';
  } catch (error) {
    // foreign_key_violation: the user was deleted at home meanwhile.
    if ((error as { code?: string }).code === '23503') return 'unknown_user';
    throw error;
  }
}

/** How the entered tenant calls itself. */
export async function loadTenantName(tx: TenantTx): Promise<string> {
  const { name } = await tx
    .selectFrom('tenants')
    .select('name')
    .where('id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return name;
}
