import type { AuditAction } from '@gatehouse/contracts';
import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import type { Subject } from './personal.ts';

type Tx = TenantTx | SystemTx;

/** hash → tenant, subject, field and ciphertext of a personal value. */
export type SealedPersonal = Record<string, { t: string; s: string; f: string; c: string }>;

export interface NewRecord {
  tenantId: TenantId;
  id: string;
  occurredAt: Date;
  action: AuditAction;
  actorKind: 'user' | 'service' | 'api_key' | 'system' | 'anonymous';
  actorId: string | null;
  actorTenantId: string | null;
  resourceType: string;
  resourceId: string | null;
  before: unknown;
  after: unknown;
  context: unknown;
  personal: SealedPersonal;
  correlationId: string;
}

/** In microseconds, as it is sealed: a `Date` would round it. */
const exactTime = sql<string>`to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const json = (value: unknown) => (value === null ? null : sql<never>`${JSON.stringify(value)}::jsonb`);

export async function insertRecord(tx: Tx, record: NewRecord): Promise<void> {
  await tx
    .insertInto('audit_records')
    .values({
      tenant_id: record.tenantId,
      id: record.id,
      occurred_at: record.occurredAt,
      action: record.action,
      actor_kind: record.actorKind,
      actor_id: record.actorId,
      actor_tenant_id: record.actorTenantId,
      resource_type: record.resourceType,
      resource_id: record.resourceId,
      before: json(record.before),
      after: json(record.after),
      context: json(record.context) ?? sql`'{}'::jsonb`,
      personal: json(record.personal) ?? sql`'{}'::jsonb`,
      correlation_id: record.correlationId,
    })
    .execute();
}

/** By one statement for however many: each number of them would be another one to prepare. */
export function loadSubjectKeys(tx: Tx, subjects: readonly Subject[]) {
  const tenants = subjects.map(({ tenantId }) => tenantId);
  const ids = subjects.map(({ id }) => id);
  return tx
    .selectFrom('subject_keys')
    .select(['tenant_id', 'subject_id', 'key_sealed'])
    .where(
      sql<boolean>`(tenant_id, subject_id) in (select * from unnest(${tenants}::uuid[], ${ids}::text[]))`,
    )
    .execute();
}

/** False when somebody else made the key at the same time: read theirs. */
export async function insertSubjectKey(
  tx: Tx,
  subject: Subject,
  sealed: string,
  now: Date,
): Promise<boolean> {
  const result = await tx
    .insertInto('subject_keys')
    .values({ tenant_id: subject.tenantId, subject_id: subject.id, key_sealed: sealed, created_at: now })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Of whom the key is that bears the id of an invitation: of the invited address, then also of who accepted. */
export interface KeyHolder {
  address?: Buffer;
  user?: { tenantId: TenantId; id: string };
}

export async function setKeyHolder(
  tx: TenantTx,
  subjectId: string,
  { address, user }: KeyHolder,
): Promise<void> {
  await tx
    .updateTable('subject_keys')
    .set({ ...(address && { address }), ...(user && { user_tenant_id: user.tenantId, user_id: user.id }) })
    .where('tenant_id', '=', tx.tenantId)
    .where('subject_id', '=', subjectId)
    .where('erased_at', 'is', null)
    .execute();
}

/** Destroys the key, and leaves a row in its place, so that none is made again. */
export async function eraseSubjectKey(tx: TenantTx, subjectId: string, now: Date): Promise<void> {
  await tx
    .insertInto('subject_keys')
    .values({
      tenant_id: tx.tenantId,
      subject_id: subjectId,
      key_sealed: '',
      created_at: now,
      erased_at: now,
    })
    .onConflict((oc) =>
      oc.columns(['tenant_id', 'subject_id']).doUpdateSet({ key_sealed: '', erased_at: now }),
    )
    .execute();
}

/** Whether the entered tenant has a key of this subject: somebody who is here, or was deleted and not erased. */
export async function hasSubjectKey(tx: TenantTx, subjectId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('subject_keys')
    .select('subject_id')
    .where('tenant_id', '=', tx.tenantId)
    .where('subject_id', '=', subjectId)
    .where('key_sealed', '!=', '')
    .executeTakeFirst();
  return found !== undefined;
}

export interface RecordFilter {
  actor?: string | undefined;
  action?: string | undefined;
  resourceType?: string | undefined;
  resourceId?: string | undefined;
  correlationId?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

/** A place in the order of time; the time in microseconds. */
export interface Place {
  time: string;
  id: string;
}

function fitting(tx: TenantTx, filter: RecordFilter) {
  let query = tx
    .selectFrom('audit_records')
    .selectAll()
    .select(exactTime.as('time'))
    .where('tenant_id', '=', tx.tenantId);
  if (filter.actor !== undefined) query = query.where('actor_id', '=', filter.actor);
  if (filter.action !== undefined) query = query.where('action', '=', filter.action);
  if (filter.resourceType !== undefined) query = query.where('resource_type', '=', filter.resourceType);
  if (filter.resourceId !== undefined) query = query.where('resource_id', '=', filter.resourceId);
  if (filter.correlationId !== undefined) query = query.where('correlation_id', '=', filter.correlationId);
  if (filter.from !== undefined) query = query.where('occurred_at', '>=', filter.from);
  if (filter.to !== undefined) query = query.where('occurred_at', '<', filter.to);
  return query;
}

/** Newest first; those before a place. */
export function listRecords(
  tx: TenantTx,
  { before, limit, ...filter }: RecordFilter & { before: Place | undefined; limit: number },
) {
  let query = fitting(tx, filter);
  if (before !== undefined)
    query = query.where(sql<boolean>`(occurred_at, id) < (${before.time}::timestamptz, ${before.id}::uuid)`);
  return query.orderBy('occurred_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}
export type AuditRow = Awaited<ReturnType<typeof listRecords>>[number];

/** Oldest first; those after a place. */
export function listRecordsOldestFirst(
  tx: TenantTx,
  { after, limit, ...filter }: RecordFilter & { after: Place | undefined; limit: number },
): Promise<AuditRow[]> {
  let query = fitting(tx, filter);
  if (after !== undefined)
    query = query.where(sql<boolean>`(occurred_at, id) > (${after.time}::timestamptz, ${after.id}::uuid)`);
  return query.orderBy('occurred_at').orderBy('id').limit(limit).execute();
}

/** What somebody did, or what was done to their account; oldest first, after a place. By two indexes, and sorted as one. */
export function listRecordsAbout(
  tx: TenantTx,
  userId: string,
  after: Place | undefined,
  limit: number,
): Promise<AuditRow[]> {
  let query = fitting(tx, {}).where((eb) =>
    eb.or([
      eb('actor_id', '=', userId),
      eb.and([eb('resource_type', '=', 'user'), eb('resource_id', '=', userId)]),
    ]),
  );
  if (after !== undefined)
    query = query.where(sql<boolean>`(occurred_at, id) > (${after.time}::timestamptz, ${after.id}::uuid)`);
  return query.orderBy('occurred_at').orderBy('id').limit(limit).execute();
}

/** Records by id, which all happened in a time: the partitions of other months are not asked. */
export function listRecordsById(
  tx: TenantTx,
  ids: readonly string[],
  first: Date,
  last: Date,
): Promise<AuditRow[]> {
  return fitting(tx, {})
    .where((eb) => eb('id', '=', eb.fn.any(eb.val(ids))))
    .where('occurred_at', '>=', first)
    .where('occurred_at', '<=', last)
    .execute();
}

export async function loadRecord(tx: TenantTx, id: string): Promise<AuditRow | undefined> {
  return tx
    .selectFrom('audit_records')
    .selectAll()
    .select(exactTime.as('time'))
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** As one value: a parameter for each column of each row costs the process more than the decisions did. */
export async function insertDecisions(tx: SystemTx, rows: readonly NewDecision[]): Promise<void> {
  const values = rows.map((row) => ({
    tenant_id: row.tenantId,
    id: row.id,
    occurred_at: row.occurredAt,
    principal_id: row.principalId,
    permission: storable(row.permission, 400),
    resource: storable(row.resource, 400),
    decision: row.decision ? 'permit' : 'deny',
    reason: storable(row.reason, 1000),
    policy_version: row.policyVersion,
    correlation_id: row.correlationId,
  }));
  // Written again when the database went away before it said that it had them.
  await sql`
    insert into gatehouse.decisions
        (tenant_id, id, occurred_at, principal_id, permission, resource, decision, reason, policy_version, correlation_id)
      select r.tenant_id, r.id, r.occurred_at, r.principal_id, r.permission, r.resource, r.decision, r.reason, r.policy_version, r.correlation_id
        from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as r (tenant_id uuid, id uuid, occurred_at timestamptz,
          principal_id uuid, permission text, resource text, decision text, reason text, policy_version text, correlation_id text)
      on conflict do nothing`.execute(tx);
}

/** SECURITY: names and ids come from callers. One that PostgreSQL cannot store would cost everybody in the batch their entry. */
const storable = (text: string, length: number) =>
  text.slice(0, length).replaceAll('\0', '\uFFFD').toWellFormed();

export interface NewDecision {
  tenantId: string;
  id: string;
  occurredAt: Date;
  /** Nobody where the subject is unknown. */
  principalId: string | null;
  permission: string;
  resource: string;
  decision: boolean;
  reason: string;
  policyVersion: string;
  correlationId: string;
}

export async function addAnonymousDenials(
  tx: SystemTx,
  rows: readonly { minute: Date; route: string; code: string; count: number }[],
): Promise<void> {
  for (const row of rows) {
    await tx
      .insertInto('anonymous_denials')
      .values(row)
      .onConflict((oc) =>
        oc
          .columns(['minute', 'route', 'code'])
          .doUpdateSet((eb) => ({ count: eb('anonymous_denials.count', '+', String(row.count)) })),
      )
      .execute();
  }
}
