import type { PolicySource } from '@gatehouse/decisions';
import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** Where a version can stand. */
export type Place = 'in_force' | 'shadow';

const columns = [
  'id',
  'tenant_id',
  'name',
  'description',
  'revision',
  'in_force',
  'shadow',
  'created_at',
  'updated_at',
] as const;

const policies = (tx: TenantTx) =>
  tx
    .selectFrom('policies as p')
    .select(columns)
    .select((eb) =>
      eb
        .selectFrom('policy_versions as v')
        .whereRef('v.tenant_id', '=', 'p.tenant_id')
        .whereRef('v.policy_id', '=', 'p.id')
        .select(({ fn }) => fn.max<number | null>('v.version').as('latest'))
        .as('latest'),
    )
    .where('tenant_id', '=', tx.tenantId);
export type PolicyRow = Awaited<ReturnType<typeof listPolicies>>[number];

export function listPolicies(tx: TenantTx, { after, limit }: { after: string | undefined; limit: number }) {
  let query = policies(tx);
  if (after !== undefined) query = query.where('name', '>', after);
  return query.orderBy('name').limit(limit).execute();
}

export const loadPolicy = (tx: TenantTx, id: string) =>
  policies(tx).select('draft').where('id', '=', id).executeTakeFirst();
export type PolicyWithDraft = NonNullable<Awaited<ReturnType<typeof loadPolicy>>>;

/**
 * One at a time for what decides in the entered tenant: what all policies in force may cost together is judged of all of them, and no
 * bundle is made of half a change.
 */
export async function lockPolicies(tx: TenantTx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('policies ' || ${tx.tenantId}::text, 0))`.execute(
    tx,
  );
}

/** False when the name is taken. */
export async function insertPolicy(
  tx: TenantTx,
  policy: { id: string; name: string; description: string; draft: PolicySource; now: Date },
): Promise<boolean> {
  const result = await tx
    .insertInto('policies')
    .values({
      tenant_id: tx.tenantId,
      id: policy.id,
      name: policy.name,
      description: policy.description,
      draft: JSON.stringify(policy.draft),
      created_at: policy.now,
      updated_at: policy.now,
    })
    .onConflict((oc) => oc.columns(['tenant_id', 'name']).doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function countPolicies(tx: TenantTx): Promise<number> {
  const { count } = await tx
    .selectFrom('policies')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** False when the draft has another revision by now. */
export async function updateDraft(
  tx: TenantTx,
  id: string,
  revision: number,
  { description, draft, now }: { description: string; draft: PolicySource; now: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('policies')
    .set({ description, draft: JSON.stringify(draft), revision: sql`revision + 1`, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('revision', '=', revision)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function setPlace(
  tx: TenantTx,
  id: string,
  place: Place,
  version: number | null,
  now: Date,
): Promise<void> {
  await tx
    .updateTable('policies')
    .set({ [place]: version, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

export async function deletePolicyRow(tx: TenantTx, id: string): Promise<void> {
  await tx.deleteFrom('policies').where('tenant_id', '=', tx.tenantId).where('id', '=', id).execute();
}

export async function insertVersion(
  tx: TenantTx,
  version: { policyId: string; version: number; document: PolicySource; publishedBy: string; now: Date },
): Promise<void> {
  await tx
    .insertInto('policy_versions')
    .values({
      tenant_id: tx.tenantId,
      policy_id: version.policyId,
      version: version.version,
      document: JSON.stringify(version.document),
      published_by: version.publishedBy,
      created_at: version.now,
    })
    .execute();
}

export function listVersions(
  tx: TenantTx,
  policyId: string,
  { before, limit }: { before: number | undefined; limit: number },
) {
  let query = tx
    .selectFrom('policy_versions')
    .select(['version', 'published_by', 'created_at'])
    .where('tenant_id', '=', tx.tenantId)
    .where('policy_id', '=', policyId);
  if (before !== undefined) query = query.where('version', '<', before);
  return query.orderBy('version', 'desc').limit(limit).execute();
}

export const loadVersion = (tx: TenantTx, policyId: string, version: number) =>
  tx
    .selectFrom('policy_versions')
    .select(['version', 'document', 'published_by', 'created_at'])
    .where('tenant_id', '=', tx.tenantId)
    .where('policy_id', '=', policyId)
    .where('version', '=', version)
    .executeTakeFirst();

/** The versions that stand in a place, each with its policy's name, in the order of names. */
export function listPlaced(tx: TenantTx, place: Place) {
  return tx
    .selectFrom('policies as p')
    .innerJoin('policy_versions as v', (join) =>
      join
        .onRef('v.tenant_id', '=', 'p.tenant_id')
        .onRef('v.policy_id', '=', 'p.id')
        .onRef('v.version', '=', `p.${place}`),
    )
    .select(['p.id', 'p.name', 'v.version', 'v.document'])
    .where('p.tenant_id', '=', tx.tenantId)
    .orderBy('p.name')
    .execute();
}

/** Rules and tests, as they were written. What was written is what a schema let pass. */
export const documentOf = (text: string): PolicySource => JSON.parse(text) as PolicySource;
