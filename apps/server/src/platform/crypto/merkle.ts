import { sha256 } from './digest.ts';

/**
 * The Merkle tree of RFC 9162 §2.1, over SHA-256. The first byte keeps leaves and nodes apart, so that no node can be passed
 * off as a leaf.
 */
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

// In one piece: a hash that is fed piece by piece costs twice as much, and there is one of each for every record.
export const leafHash = (entry: Buffer | string): Buffer =>
  sha256(typeof entry === 'string' ? `\0${entry}` : Buffer.concat([LEAF, entry]));
const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.concat([NODE, left, right]));
/** RFC 9162 §2.1.1: the hash of an empty list. */
const EMPTY_ROOT = sha256('');

/** A perfect subtree: the 2^level leaves from index · 2^level on. Its hash never changes once its last leaf is there. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** A tree as far as appending needs it: the roots of the perfect subtrees that its leaves fall into, widest first. */
export interface CompactRange {
  size: number;
  hashes: Buffer[];
}

/** Adds one leaf; `made` hears of each perfect subtree that it completes, the leaf itself among them. */
export function appendLeaf(
  range: CompactRange,
  leaf: Buffer,
  made?: (node: TreeNode, hash: Buffer) => void,
): void {
  let hash = leaf;
  let index = range.size;
  made?.({ level: 0, index }, hash);
  for (let level = 1; index % 2 === 1; level += 1) {
    const left = range.hashes.pop();
    if (left === undefined) throw new RangeError('the compact range lacks a subtree');
    hash = nodeHash(left, hash);
    index = (index - 1) / 2;
    made?.({ level, index }, hash);
  }
  range.hashes.push(hash);
  range.size += 1;
}

export const rootOf = (range: CompactRange): Buffer => foldRight(range.hashes);

/** MTH of neighbouring perfect subtrees, widest first. */
export function foldRight(hashes: readonly Buffer[]): Buffer {
  let folded: Buffer | undefined;
  for (let at = hashes.length - 1; at >= 0; at -= 1) {
    const hash = hashes[at] as Buffer;
    folded = folded === undefined ? hash : nodeHash(hash, folded);
  }
  return folded ?? EMPTY_ROOT;
}

/** The perfect subtrees that the leaves from `from` to `to` fall into, in order. */
export function perfectNodes(from: number, to: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = from; at < to; ) {
    let [level, width] = [0, 1];
    while (at % (width * 2) === 0 && at + width * 2 <= to) [level, width] = [level + 1, width * 2];
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** The two halves of a perfect subtree. */
export const childrenOf = ({ level, index }: TreeNode): [TreeNode, TreeNode] => [
  { level: level - 1, index: index * 2 },
  { level: level - 1, index: index * 2 + 1 },
];
export const parentHash = nodeHash;

type Range = readonly [from: number, to: number];

/** The ranges of leaves whose hashes prove that the leaf `index` is in a tree of `size` (RFC 9162 §2.1.3.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  if (index < 0 || index >= size) throw new RangeError('no such leaf');
  let [from, to] = [0, size];
  const path: Range[] = [];
  while (to - from > 1) {
    const middle = from + widestBelow(to - from);
    if (index < middle) {
      path.push([middle, to]);
      to = middle;
    } else {
      path.push([from, middle]);
      from = middle;
    }
  }
  return path.reverse();
}

/** The ranges of leaves whose hashes prove that a tree of `size` began as one of `oldSize` (RFC 9162 §2.1.4.1). */
export function consistencyRanges(oldSize: number, size: number): Range[] {
  if (oldSize < 1 || oldSize > size) throw new RangeError('no such tree');
  let [from, to] = [0, size];
  let whole = true;
  const path: Range[] = [];
  while (oldSize < to) {
    const middle = from + widestBelow(to - from);
    if (oldSize <= middle) {
      path.push([middle, to]);
      to = middle;
    } else {
      path.push([from, middle]);
      from = middle;
      whole = false;
    }
  }
  if (!whole) path.push([from, to]);
  return path.reverse();
}

/** The largest power of two below `n`. */
function widestBelow(n: number): number {
  let width = 1;
  while (width * 2 < n) width *= 2;
  return width;
}

/** RFC 9162 §2.1.3.2. */
export function isIncluded(of: {
  index: number;
  size: number;
  leaf: Buffer;
  proof: readonly Buffer[];
  root: Buffer;
}): boolean {
  if (of.index < 0 || of.index >= of.size) return false;
  let [at, last, hash] = [of.index, of.size - 1, of.leaf];
  for (const sibling of of.proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
    } else hash = nodeHash(hash, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && hash.equals(of.root);
}

/** RFC 9162 §2.1.4.2. */
export function isConsistent(of: {
  oldSize: number;
  oldRoot: Buffer;
  size: number;
  root: Buffer;
  proof: readonly Buffer[];
}): boolean {
  if (of.oldSize < 1 || of.oldSize > of.size) return false;
  if (of.oldSize === of.size) return of.proof.length === 0 && of.oldRoot.equals(of.root);
  const path = isPowerOfTwo(of.oldSize) ? [of.oldRoot, ...of.proof] : [...of.proof];
  const first = path.shift();
  if (first === undefined) return false;
  let [at, last] = [of.oldSize - 1, of.size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [oldHash, hash] = [first, first];
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(sibling, oldHash);
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
    } else hash = nodeHash(hash, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && oldHash.equals(of.oldRoot) && hash.equals(of.root);
}

// Not shifts: those count in 32 bits.
const half = (n: number) => Math.floor(n / 2);
function isPowerOfTwo(n: number): boolean {
  let rest = n;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}
