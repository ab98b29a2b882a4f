import type { Clock } from '../../../platform/clock.ts';
import { appendLeaf, type CompactRange, rootOf } from '../../../platform/crypto/index.ts';
import type { Doors } from '../../../platform/database/index.ts';
import type { Backlog } from '../../../platform/metrics/index.ts';
import type { AuditKeys } from './audit-keys.ts';
import { checkpointText, originOf } from './checkpoint.ts';
import { entryOf, hashOf, type RecordRow } from './entry.ts';
import {
  type Batch,
  listTrees,
  listUnsealed,
  loadSealBacklog,
  sealRecords,
  type TreeRow,
  tryLockSealing,
} from './seal.repo.ts';

/**
 * The sealer: gives each tenant's records their numbers and hashes, lets the tenant's Merkle tree grow by them, and signs a
 * checkpoint for each tree that grew. Every process runs it; an advisory lock lets one work at a time. Each batch is one
 * transaction: whoever dies at any point of it has done nothing, and the next one does it.
 */
export interface Sealing {
  /** Seals what waits; resolves to how many records that were. The job calls it each second, tests by hand. */
  run(): Promise<number>;
  /** What waits, in all tenants. */
  backlog(): Promise<Backlog>;
  start(): void;
  stop(): Promise<void>;
}

/** Small enough that hashing a batch keeps no request waiting for longer than some milliseconds. */
const BATCH = 500;
const TICK_MS = 1000;
const HOUR_MS = 3_600_000;
const NOBODY = '00000000-0000-0000-0000-000000000000';

export function createSealing(deps: {
  publicUrl: string;
  doors: Doors;
  keys: AuditKeys;
  clock: Clock;
  /** A tree that is not what was signed last: somebody changed it, and it does not grow any further. */
  onAltered(tenantId: string): void;
  onError(error: unknown): void;
}): Sealing {
  const { doors, clock } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;

  // It is found again each second, and told once an hour.
  const told = new Map<string, number>();
  const tellAltered = (tenantId: string) => {
    const now = performance.now();
    if (now - (told.get(tenantId) ?? -HOUR_MS) < HOUR_MS) return;
    told.set(tenantId, now);
    deps.onAltered(tenantId);
  };

  const sealBatch = (after: string) =>
    doors.asSystem('audit seal', async (tx) => {
      if (!(await tryLockSealing(tx))) return undefined;
      const rows = await listUnsealed(tx, after, BATCH);
      const tenantIds = [...new Set(rows.map((row) => row.tenant_id))];
      const trees = new Map((await listTrees(tx, tenantIds)).map((tree) => [tree.tenant_id, tree]));
      const batch: Batch = { trees: [], seals: [], subtrees: [] };
      for (const tenantId of tenantIds) {
        const tree = trees.get(tenantId);
        if (tree !== undefined && !(await isAsSigned(tree, deps.keys))) tellAltered(tenantId);
        else
          grow(
            batch,
            tenantId,
            tree,
            rows.filter((row) => row.tenant_id === tenantId),
            deps,
          );
      }
      if (batch.seals.length > 0) await sealRecords(tx, batch, clock.now());
      return { read: rows.length, sealed: batch.seals.length, last: tenantIds.at(-1) ?? NOBODY };
    });

  const run = async () => {
    await deps.keys.refresh();
    let sealed = 0;
    let [after, inRound] = [NOBODY, 0];
    while (!stopped) {
      const batch = await sealBatch(after);
      if (batch === undefined) break;
      sealed += batch.sealed;
      inRound += batch.sealed;
      // A full batch: the tenants after the one in which it ended come next, then round again from the first.
      if (batch.read === BATCH) after = batch.last;
      else if (after === NOBODY || inRound === 0) break;
      else [after, inRound] = [NOBODY, 0];
    }
    return sealed;
  };
  const tick = () => {
    running = run()
      .catch(deps.onError)
      .then(() => {
        if (!stopped) timer = setTimeout(tick, TICK_MS);
      });
  };
  return {
    run,
    backlog: () => doors.asSystem('audit backlog', loadSealBacklog),
    start: tick,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/**
 * SECURITY: whoever can write rows, but has no key, must not get a changed tree signed by letting it grow: before it does,
 * its frontier has to have the root that the last checkpoint signs.
 */
async function isAsSigned(tree: TreeRow, keys: AuditKeys): Promise<boolean> {
  const checkpoint = await keys.open(tree.checkpoint, tree.tenant_id);
  return (
    checkpoint !== undefined && checkpoint.size === tree.size && rootOf(rangeOf(tree)).equals(checkpoint.root)
  );
}

const rangeOf = (tree: TreeRow): CompactRange => ({
  size: tree.size,
  hashes: Array.from({ length: Math.floor(tree.frontier.length / 32) }, (_, at) =>
    tree.frontier.subarray(at * 32, (at + 1) * 32),
  ),
});

function grow(
  batch: Batch,
  tenantId: string,
  tree: TreeRow | undefined,
  rows: readonly RecordRow[],
  { keys, publicUrl }: { keys: AuditKeys; publicUrl: string },
): void {
  const range: CompactRange = tree === undefined ? { size: 0, hashes: [] } : rangeOf(tree);
  const oldSize = range.size;
  let prev: Buffer | null = tree?.last_hash ?? null;
  for (const row of rows) {
    const seq = range.size;
    const hash = hashOf(entryOf(row, seq, prev));
    batch.seals.push({ tenantId, recordId: row.id, seq, prev, hash });
    appendLeaf(range, hash, ({ level, index }, node) => {
      if (level > 0 && level % 8 === 0) batch.subtrees.push({ tenantId, level, index, hash: node });
    });
    prev = hash;
  }
  if (prev === null) return;
  const origin = originOf(publicUrl, tenantId);
  const note = keys.active.signer.sign(origin, checkpointText(origin, range.size, rootOf(range)));
  batch.trees.push({
    tenantId,
    oldSize,
    size: range.size,
    frontier: Buffer.concat(range.hashes),
    lastHash: prev,
    note,
  });
}
