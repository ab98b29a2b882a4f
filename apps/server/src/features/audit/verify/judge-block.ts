import { appendLeaf, type CompactRange, isIncluded, rootOf } from '../../../platform/crypto/index.ts';
import type { BlockLine, RecordLine } from '../export/line.ts';
import type { Checkpoint } from '../seal/checkpoint.ts';
import { BLOCK } from '../seal/tree-hashes.ts';
import type { Finding } from './finding.ts';
import { judgeSelf, leafOf } from './judge-record.ts';
import { readHash } from './read-hash.ts';

/** The hashes of a block, when they are those of the signed tree; undefined when nothing can be said by them. */
export function provenHashes(block: BlockLine, { size, root }: Checkpoint): Buffer[] | undefined {
  const hashes = block.hashes.map(readHash);
  if (block.first % BLOCK !== 0 || hashes.length !== Math.min(BLOCK, size - block.first)) return undefined;
  if (hashes.some((hash) => hash.length !== 32)) return undefined;
  const range: CompactRange = { size: 0, hashes: [] };
  for (const hash of hashes) appendLeaf(range, hash);
  const isProven = isIncluded({
    index: block.first / BLOCK,
    size: Math.ceil(size / BLOCK),
    leaf: rootOf(range),
    proof: block.proof.map(readHash),
    root,
  });
  return isProven ? hashes : undefined;
}

/** What stands in the file for a block, held against the hashes that the signed tree has there. */
export function* judgeBlock(of: {
  lines: readonly RecordLine[];
  /** Sealed and gone from the database when the file was made. */
  missing: ReadonlySet<number>;
  block: BlockLine;
  hashes: readonly Buffer[];
  /** The numbers that the file speaks of. */
  from: number;
  to: number;
  tenantId: string;
}): Generator<Finding> {
  const { block, hashes } = of;
  const end = block.first + hashes.length;
  const seen = new Set<number>();
  const inPlace: RecordLine[] = [];
  for (const line of of.lines) {
    const at = { seq: line.seq, id: line.id };
    if (!(line.seq >= block.first && line.seq < end)) {
      yield { what: 'reordered', ...at, why: `it stands among the records ${block.first} to ${end - 1}` };
      continue;
    }
    if (seen.has(line.seq)) {
      yield { what: 'duplicated', ...at, why: 'it is in the file more than once' };
      continue;
    }
    seen.add(line.seq);
    inPlace.push(line);
    const leaf = leafOf(line);
    let said = false;
    for (const finding of judgeSelf(line, leaf, of.tenantId)) {
      said = true;
      yield finding;
    }
    if (!said && leaf?.equals(hashes[line.seq - block.first] as Buffer) !== true)
      yield { what: 'altered', ...at, why: 'it is not what was sealed under this number' };
  }
  yield* judgeOrder(inPlace);
  for (let seq = Math.max(block.first, of.from); seq < Math.min(end, of.to); seq += 1) {
    if (seen.has(seq)) continue;
    const why = of.missing.has(seq)
      ? 'it was sealed, and was gone from the database when this file was made'
      : 'it was sealed and is not in the file';
    yield { what: 'removed', seq, id: block.ids[seq - block.first], why };
  }
}

/** Names as few records as explain the order: those outside a longest run that ascends. */
function* judgeOrder(lines: readonly RecordLine[]): Generator<Finding> {
  const ends: number[] = [];
  const before = lines.map((line, at) => {
    let place = ends.findIndex((end) => (lines[end] as RecordLine).seq >= line.seq);
    if (place < 0) place = ends.length;
    ends[place] = at;
    return ends[place - 1];
  });
  const ascending = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = before[at]) ascending.add(at);
  for (const [at, line] of lines.entries()) {
    if (ascending.has(at)) continue;
    const neighbour = lines[at - 1] ?? lines[at + 1];
    yield {
      what: 'reordered',
      seq: line.seq,
      id: line.id,
      why: `it stands ${at > 0 ? 'after' : 'before'} record ${neighbour?.seq ?? '?'}`,
    };
  }
}
