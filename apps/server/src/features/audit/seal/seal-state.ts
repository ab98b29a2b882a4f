import type { AuditProof, AuditSeal } from '@gatehouse/contracts';
import { canonicalJson, inclusionRanges, isIncluded } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import type { AuditKeys } from './audit-keys.ts';
import type { Checkpoint } from './checkpoint.ts';
import { entryOf, hashOf, type RecordRow } from './entry.ts';
import { loadTreeHashes, type Range, type TreeHashes } from './tree-hashes.ts';
import { listSeals, loadTree, type Seal } from './tree.repo.ts';

export interface Judged {
  seal: AuditSeal;
  /** What shows it; null while the record waits for the sealer. */
  proof: AuditProof | null;
}

const PENDING: Judged = { seal: { state: 'pending', seq: null, hash: null }, proof: null };

/**
 * Is each of these records what was sealed? Found out anew at each reading: the record is hashed again, and its hash must
 * be in the tree whose root the tenant's checkpoint signs.
 */
export async function judgeRecords(
  tx: TenantTx,
  keys: AuditKeys,
  rows: readonly RecordRow[],
): Promise<Map<string, Judged>> {
  const seals = new Map<string, Seal>();
  const ids = rows.map(({ id }) => id);
  for (const seal of ids.length > 0 ? await listSeals(tx, ids) : []) seals.set(seal.recordId, seal);
  const note = seals.size > 0 ? (await loadTree(tx))?.checkpoint : undefined;
  const checkpoint = note === undefined ? undefined : await keys.open(note, tx.tenantId);
  const size = checkpoint?.size ?? 0;
  const paths = new Map<number, Range[]>();
  for (const { seq } of seals.values()) if (seq < size) paths.set(seq, inclusionRanges(seq, size));
  const hashes = await loadTreeHashes(tx, [...paths.values()].flat());
  return new Map(
    rows.map((row) => {
      const seal = seals.get(row.id);
      if (seal === undefined) return [row.id, PENDING];
      return [row.id, judge(row, seal, { checkpoint, path: paths.get(seal.seq) ?? [], hashes })];
    }),
  );
}

function judge(
  row: RecordRow,
  seal: Seal,
  of: { checkpoint: Checkpoint | undefined; path: readonly Range[]; hashes: TreeHashes },
): Judged {
  const { checkpoint } = of;
  const entry = entryOf(row, seal.seq, seal.prev);
  const leaf = hashOf(entry);
  const path = of.path.map((range) => of.hashes.of(range));
  const proof = path.filter((hash) => hash !== undefined);
  const isInTree =
    checkpoint !== undefined &&
    proof.length === path.length &&
    isIncluded({ index: seal.seq, size: checkpoint.size, leaf, proof, root: checkpoint.root });
  const fault = isInTree
    ? null
    : checkpoint === undefined
      ? 'checkpoint'
      : leaf.equals(seal.hash)
        ? 'tree'
        : 'record';
  return {
    seal: { state: isInTree ? 'verified' : 'broken', seq: seal.seq, hash: leaf.toString('base64') },
    proof: {
      entry: canonicalJson(entry),
      sealedHash: seal.hash.toString('base64'),
      fault,
      treeSize: checkpoint?.size ?? null,
      path: proof.map((hash) => hash.toString('base64')),
      checkpoint: checkpoint?.note ?? null,
    },
  };
}
