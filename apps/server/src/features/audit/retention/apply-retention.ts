import {
  appendLeaf,
  type CompactRange,
  consistencyRanges,
  isConsistent,
  perfectNodes,
  rootOf,
} from '../../../platform/crypto/index.ts';
import { enterOwn } from '../../../platform/access/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import type { TenantId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import { loadSealed } from '../export/record-lines.ts';
import { entryOf, hashOf } from '../seal/entry.ts';
import { loadTreeHashes, type Range } from '../seal/tree-hashes.ts';
import { listSealsFrom, loadTree, type Seal } from '../seal/tree.repo.ts';
import {
  dropEmptyMonths,
  hasOtherThan,
  listRetained,
  loadRetention,
  type Removal,
  removeDecisions,
  removeRecords,
} from './retention.repo.ts';
import { retentionOrigin, retentionText } from './retention-checkpoint.ts';

export type RetentionDeps = Pick<Deps, 'doors' | 'clock' | 'config' | 'auditKeys' | 'audit' | 'log'>;

/** Records that one transaction removes: some tens of milliseconds, in which nobody waits for any of them. */
export const RETENTION_BATCH = 1000;
const DAY_MS = 86_400_000;

export interface Applied {
  records: number;
  decisions: number;
  months: number;
}

/**
 * Removes what is older than each tenant keeps it (spec A6). Every node runs it, and it may die at any point: each batch is one
 * transaction that begins where the last one ended, and of two at once one finds that it was done.
 */
export async function applyRetention(deps: RetentionDeps, only?: TenantId): Promise<Applied> {
  const retained = await deps.doors.asSystem('who has a retention', listRetained);
  const sum: Applied = { records: 0, decisions: 0, months: 0 };
  for (const { tenantId, days } of retained) {
    if (only !== undefined && tenantId !== only) continue;
    // The floor may have been raised since the tenant chose.
    const kept = Math.max(days, deps.config.auditRetentionMinimumDays);
    const before = new Date(deps.clock.now().getTime() - kept * DAY_MS);
    for (let more = true; more; ) {
      const removed = await removeBatch(deps, tenantId as TenantId, before);
      sum.records += removed;
      more = removed === RETENTION_BATCH;
    }
    for (let more = true; more; ) {
      const removed = await deps.doors.asSystem('retention of permits', (tx) =>
        removeDecisions(tx, { tenantId, before, limit: RETENTION_BATCH, now: deps.clock.now() }),
      );
      sum.decisions += removed;
      more = removed === RETENTION_BATCH;
    }
  }
  // One for each look: each takes a lock for a moment.
  for (let more = true; more; ) {
    const dropped = await deps.doors.asSystem('months without records', (tx) =>
      dropEmptyMonths(tx, deps.clock.now()),
    );
    sum.months += dropped;
    more = dropped > 0;
  }
  return sum;
}

/** Removes the next records of a tenant that are old enough; how many those were. */
async function removeBatch(deps: RetentionDeps, tenantId: TenantId, before: Date): Promise<number> {
  const entered = enterOwn({ kind: 'system', tenantId, reason: 'retention' });
  const plan = await deps.doors.withTenant(entered, (tx) => planRemoval(deps, tx, before));
  if (plan === undefined) return 0;
  const { removal, isTold } = plan;
  return deps.doors.asSystem('retention', async (tx) => {
    if (!(await removeRecords(tx, removal))) return 0;
    if (isTold)
      await deps.audit.recordAsSystem(tx, tenantId, {
        action: RECORDS_REMOVED,
        actor: { kind: 'system' },
        resource: { type: 'audit', id: null },
        after: { from: removal.from, to: removal.to, before: before.toISOString() },
        request: undefined,
      });
    return removal.to - removal.from;
  });
}

const RECORDS_REMOVED = 'audit_records_removed';

/** The run of records that are old enough, from where the last removal ended, with the note that is to stand in their place. */
async function planRemoval(
  deps: RetentionDeps,
  tx: TenantTx,
  before: Date,
): Promise<{ removal: Removal; isTold: boolean } | undefined> {
  const { removedBelow: from } = await loadRetention(tx);
  const tree = await loadTree(tx);
  const checkpoint = tree && (await deps.auditKeys.open(tree.checkpoint, tx.tenantId));
  if (checkpoint === undefined) return undefined;
  const seals = await listSealsFrom(tx, from, Math.min(from + RETENTION_BATCH, checkpoint.size));
  const young = seals.findIndex(({ occurredAt }) => occurredAt >= before);
  const old = young < 0 ? seals : seals.slice(0, young);
  const [first, last] = [old[0], old.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const to = from + old.length;
  const own: Range[] = perfectNodes(0, from).map(({ level, index }) => [
    index * 2 ** level,
    (index + 1) * 2 ** level,
  ]);
  const rest: Range[] =
    to < checkpoint.size ? consistencyRanges(to, checkpoint.size).map(([a, b]) => [a, b]) : [];
  const hashes = await loadTreeHashes(tx, [...own, ...rest]);
  const [frontier, proof] = [own, rest].map((ranges) =>
    ranges.map((range) => hashes.of(range)).filter((hash) => hash !== undefined),
  );
  const range: CompactRange = { size: from, hashes: frontier ?? [] };
  const isOld = await appendRecords(tx, range, old, before);
  const root = rootOf(range);
  const isOfTree =
    isOld &&
    isConsistent({
      oldSize: to,
      oldRoot: root,
      size: checkpoint.size,
      root: checkpoint.root,
      proof: proof ?? [],
    });
  if (first.seq !== from || last.seq !== to - 1 || !isOfTree) {
    // SECURITY: whoever can write rows and has no key must not get a root of their own signed in this place.
    deps.log.error(
      { tenantId: tx.tenantId },
      'the audit trail of a tenant is not as it was sealed; nothing of it is removed',
    );
    return undefined;
  }
  const origin = checkpoint.origin;
  const text = retentionText(origin, to, root, before.toISOString());
  const note = deps.auditKeys.active.signer.sign(retentionOrigin(origin), text);
  const span = old.map(({ occurredAt }) => occurredAt.getTime());
  // What tells of a removal is removed one day, too: that alone is not told again, or it would never end.
  const isTold = await hasOtherThan(
    tx,
    RECORDS_REMOVED,
    old.map(({ recordId }) => recordId),
    new Date(Math.min(...span)),
    new Date(Math.max(...span) + 1),
  );
  return {
    removal: { tenantId: tx.tenantId, from, to, before, checkpoint: note, now: deps.clock.now() },
    isTold,
  };
}

/**
 * Adds the records of these seals, as they stand, to the tree before them. False where one is missing or was made later.
 *
 * SECURITY: the time beside a seal is in no hash, the one in the record is: whoever can write rows must not have young records taken for
 * old ones, and the gap signed.
 */
async function appendRecords(
  tx: TenantTx,
  range: CompactRange,
  seals: readonly Seal[],
  before: Date,
): Promise<boolean> {
  const records = await loadSealed(tx, seals);
  for (const { recordId, seq, prev } of seals) {
    const row = records.get(recordId);
    if (row === undefined || new Date(row.time) >= before || seq !== range.size) return false;
    appendLeaf(range, hashOf(entryOf(row, seq, prev)));
  }
  return true;
}
