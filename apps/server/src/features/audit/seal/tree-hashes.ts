import {
  childrenOf,
  foldRight,
  inclusionRanges,
  parentHash,
  perfectNodes,
  type TreeNode,
} from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { listLeafHashes, listSubtrees } from './tree.repo.ts';

/** A range of leaves, the second bound excluded. */
export type Range = readonly [from: number, to: number];

/** As many leaves as a stored subtree has: what a proof reads of a level is at most twice as many hashes. */
export const BLOCK = 256;
const STORED_EVERY = 8;

/** Hashes of ranges of leaves of the tenant's tree. What is not stored is computed; what is missing is undefined. */
export interface TreeHashes {
  of(range: Range): Buffer | undefined;
}

/** Loads what it takes to say the hashes of these ranges, with one statement for each stored level. */
export async function loadTreeHashes(tx: TenantTx, ranges: readonly Range[]): Promise<TreeHashes> {
  const wanted = new Map<number, Range[]>();
  for (const { level, index } of ranges.flatMap(([from, to]) => perfectNodes(from, to))) {
    const stored = level - (level % STORED_EVERY);
    const width = 2 ** (level - stored);
    const of = wanted.get(stored) ?? [];
    of.push([index * width, (index + 1) * width]);
    wanted.set(stored, of);
  }
  const known = new Map<string, Buffer>();
  for (const [level, of] of wanted) {
    const merged = merge(of);
    const rows = await (level === 0 ? listLeafHashes(tx, merged) : listSubtrees(tx, level, merged));
    for (const { place, hash } of rows) known.set(`${level} ${place}`, hash);
  }
  const hashOf = (node: TreeNode): Buffer | undefined => {
    const key = `${node.level} ${node.index}`;
    const found = known.get(key);
    if (found !== undefined || node.level % STORED_EVERY === 0) return found;
    const [left, right] = childrenOf(node).map(hashOf);
    if (left === undefined || right === undefined) return undefined;
    const hash = parentHash(left, right);
    known.set(key, hash);
    return hash;
  };
  return {
    of([from, to]) {
      const hashes = perfectNodes(from, to).map(hashOf);
      return hashes.some((hash) => hash === undefined) ? undefined : foldRight(hashes as Buffer[]);
    },
  };
}

/**
 * The ranges that prove a block of 256 leaves, whole or the last one: since 256 is a power of two, the tree of the leaves
 * is the tree of the blocks.
 */
export const blockRanges = (block: number, size: number): Range[] =>
  inclusionRanges(block, Math.ceil(size / BLOCK)).map(([from, to]) => [
    from * BLOCK,
    Math.min(to * BLOCK, size),
  ]);

function merge(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
