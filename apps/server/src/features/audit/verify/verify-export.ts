import {
  appendLeaf,
  type CompactRange,
  isConsistent,
  isIncluded,
  rootOf,
} from '../../../platform/crypto/index.ts';
import type { BlockLine, HeaderLine, RecordLine } from '../export/line.ts';
import type { RetentionCheckpoint } from '../retention/retention-checkpoint.ts';
import { type Checkpoint, openCheckpoint } from '../seal/checkpoint.ts';
import { BLOCK } from '../seal/tree-hashes.ts';
import type { Finding } from './finding.ts';
import { judgeBlock, provenHashes } from './judge-block.ts';
import { judgeSelf, leafOf } from './judge-record.ts';
import { judgeRetention } from './judge-retention.ts';
import type { ReadLine } from './read-lines.ts';
import { readHash } from './read-hash.ts';

export interface Verdict {
  header: HeaderLine | undefined;
  checkpoint: Checkpoint | undefined;
  /** What says that the records before the file were removed, where it does and holds. */
  retention: RetentionCheckpoint | undefined;
  /** Record lines that were judged. */
  records: number;
  findings: Finding[];
}

/**
 * Judges an export by a public key alone. Nothing in the file is believed but what the key has signed: the root of the tree,
 * by it the hashes, by them the records.
 *
 * @param since a checkpoint that was kept: the log has to have grown from it.
 * @param partial the reader knows that the file is a part of the log.
 */
export async function verifyExport(
  lines: AsyncIterable<ReadLine>,
  options: { keys: readonly Buffer[]; since?: string | undefined; partial?: boolean },
): Promise<Verdict> {
  const verdict: Verdict = {
    header: undefined,
    checkpoint: undefined,
    retention: undefined,
    records: 0,
    findings: [],
  };
  const { findings } = verdict;
  let file: ReturnType<typeof createJudge> | undefined;
  for await (const read of lines) {
    if ('fault' in read) {
      findings.push({ what: 'unreadable', why: read.fault });
      continue;
    }
    const { line, cellsDiffer } = read;
    if (file === undefined) {
      if (line.kind !== 'export') {
        findings.push({ what: 'unreadable', why: 'the first line does not say what this is an export of' });
        return verdict;
      }
      verdict.header = line;
      verdict.checkpoint = checkpointOf(line, options.keys, findings);
      if (verdict.checkpoint === undefined) return verdict;
      const since = sinceOf(line, options, findings);
      const gone = judgeRetention(line, verdict.checkpoint, options.keys, findings);
      verdict.retention = gone?.checkpoint;
      file = createJudge(line, verdict.checkpoint, findings, since, gone?.range);
    } else if (line.kind === 'export')
      findings.push({ what: 'unreadable', why: 'a second file begins in this one' });
    else if (line.kind === 'record') {
      verdict.records += 1;
      file.record(line);
    } else if (line.kind === 'missing') file.missing(line.seq, line.id);
    else if (line.kind === 'block') file.block(line);
    else file.end(line.records === verdict.records);
    if (cellsDiffer)
      findings.push({
        what: 'altered',
        ...(line.kind === 'record' && { seq: line.seq, id: line.id }),
        why: 'the cells of its row do not say what its last cell says',
      });
  }
  if (file === undefined) findings.push({ what: 'unreadable', why: 'the file is empty' });
  else file.finish();
  const { header, checkpoint } = verdict;
  if (header && checkpoint && options.partial !== true) {
    const why = 'if a part was asked for, say --partial';
    if (header.filter !== null)
      findings.push({ what: 'partial', why: `the file holds what fits a filter; ${why}` });
    else if (header.from > (verdict.retention?.size ?? 0) || header.to < checkpoint.size)
      findings.push({
        what: 'partial',
        why: `the file holds records ${header.from} to ${header.to - 1} of ${checkpoint.size}; ${why}`,
      });
  }
  return verdict;
}

function checkpointOf(
  header: HeaderLine,
  keys: readonly Buffer[],
  findings: Finding[],
): Checkpoint | undefined {
  const refuse = (why: string) => void findings.push({ what: 'checkpoint', why });
  if (header.checkpoint === null) {
    refuse('the file has none: nothing of this tenant had been sealed when it was made');
    return undefined;
  }
  const checkpoint = openCheckpoint(header.checkpoint, keys);
  if (checkpoint === undefined) refuse('it is not signed by this key');
  else if (checkpoint.tenantId !== header.tenantId || checkpoint.origin !== header.origin)
    refuse(`it is of ${checkpoint.origin}, and the file says that it is of ${header.origin}`);
  else if (!(header.from >= 0 && header.from <= header.to && header.to <= checkpoint.size))
    refuse('the numbers of the file are not below the size that it signs');
  else return checkpoint;
  return undefined;
}

function sinceOf(
  header: HeaderLine,
  { since, keys }: { since?: string | undefined; keys: readonly Buffer[] },
  findings: Finding[],
): Checkpoint | undefined {
  if (since === undefined) return undefined;
  const opened = openCheckpoint(since, keys);
  if (opened !== undefined && opened.tenantId === header.tenantId) return opened;
  findings.push({
    what: 'checkpoint',
    why: opened
      ? `the one of --since is of ${opened.origin}`
      : 'the one of --since is not signed by this key',
  });
  return undefined;
}

/** Takes the lines of a file in order and notes what is wrong. It keeps one block, however long the file is. */
function createJudge(
  header: HeaderLine,
  checkpoint: Checkpoint,
  findings: Finding[],
  since: Checkpoint | undefined,
  removed: CompactRange | undefined,
) {
  const { from, to, tenantId } = header;
  const isFiltered = header.filter !== null;
  // From the first record on, or from those that retention has left.
  const begins = removed?.size ?? 0;
  const grown: CompactRange = removed ?? { size: 0, hashes: [] };
  let next = Math.floor(from / BLOCK);
  const last = Math.ceil(to / BLOCK);
  let waiting: RecordLine[] = [];
  let gone = new Map<number, string>();
  let previous: Buffer | undefined;
  let isEnded = false;
  const seen = new Set<number>();

  if (since !== undefined) judgeSince();

  function judgeSince() {
    if (since === undefined) return;
    if (since.size > checkpoint.size)
      findings.push({
        what: 'lost tail',
        seq: [checkpoint.size, since.size - 1],
        why: `there were ${since.size} records at the checkpoint of --since, and now there are ${checkpoint.size}`,
      });
    else if (since.size === checkpoint.size) {
      if (!since.root.equals(checkpoint.root)) findings.push(rewritten(since));
    } else if (from === since.size && from > 0) {
      const proof = header.consistency.map(readHash);
      const { size, root } = checkpoint;
      if (!isConsistent({ oldSize: since.size, oldRoot: since.root, size, root, proof }))
        findings.push(rewritten(since));
    } else if (since.size < begins)
      findings.push({
        what: 'unproven',
        why: `the checkpoint of --since is older than what retention has left: the records from ${since.size} on are gone. Take one of ${begins} records or more`,
      });
    else if (from !== begins || isFiltered || to < since.size)
      findings.push({
        what: 'unproven',
        why: `this file cannot show that the log grew from the checkpoint of --since: export it whole, or from number ${since.size} on`,
      });
  }

  function grow(first: number, hashes: readonly Buffer[]) {
    if (since === undefined || from !== begins || first > grown.size) return;
    for (const hash of hashes.slice(grown.size - first)) {
      appendLeaf(grown, hash);
      if (grown.size === since.size && since.size < checkpoint.size && !rootOf(grown).equals(since.root))
        findings.push(rewritten(since));
    }
  }

  /** Blocks up to this one should have been here. */
  function skipTo(number: number) {
    for (; next < Math.min(number, last); next += 1) {
      const [first, end] = [Math.max(next * BLOCK, from), Math.min((next + 1) * BLOCK, to)];
      const here = waiting.filter(({ seq }) => seq >= first && seq < end);
      waiting = waiting.filter((line) => !here.includes(line));
      for (const line of here)
        findings.push({
          what: 'unproven',
          seq: line.seq,
          id: line.id,
          why: 'the proof of its block is missing',
        });
      if (here.length < end - first)
        findings.push({
          what: 'removed',
          seq: [first, end - 1],
          why: `${end - first - here.length} of them are not in the file, nor is the proof of their block`,
        });
      previous = undefined;
    }
  }

  return {
    record(line: RecordLine) {
      if (!isFiltered) {
        // More than two blocks without a proof: the file is not one of ours, and need not be kept in memory.
        if (waiting.length < 4 * BLOCK) waiting.push(line);
        else
          findings.push({
            what: 'unproven',
            seq: line.seq,
            id: line.id,
            why: 'the proof of its block is missing',
          });
        return;
      }
      const leaf = leafOf(line);
      const faults = [...judgeSelf(line, leaf, tenantId)];
      findings.push(...faults);
      const proof = (line.proof ?? []).map(readHash);
      const { size, root } = checkpoint;
      if (seen.has(line.seq))
        findings.push({
          what: 'duplicated',
          seq: line.seq,
          id: line.id,
          why: 'it is in the file more than once',
        });
      else if (faults.length === 0 && (!leaf || !isIncluded({ index: line.seq, size, leaf, proof, root })))
        findings.push({
          what: 'altered',
          seq: line.seq,
          id: line.id,
          why: 'it is not in the tree that was signed',
        });
      seen.add(line.seq);
    },
    missing: (seq: number, id: string) => void gone.set(seq, id),
    block(line: BlockLine) {
      const number = line.first / BLOCK;
      if (isFiltered || number < next || number >= last) {
        findings.push({
          what: 'unreadable',
          why: `the proof of record ${line.first} and following is out of place`,
        });
        return;
      }
      skipTo(number);
      const hashes = provenHashes(line, checkpoint);
      if (hashes === undefined) {
        findings.push({
          what: 'unproven',
          seq: [Math.max(line.first, from), Math.min(line.first + BLOCK, to) - 1],
          why: 'the hashes of these records are not those of the signed tree',
        });
        previous = undefined;
      } else {
        grow(line.first, hashes);
        findings.push(
          ...judgeBlock({
            lines: waiting,
            missing: new Set(gone.keys()),
            block: line,
            hashes,
            from,
            to,
            tenantId,
          }),
        );
        findings.push(...judgeChain(waiting, line.first, hashes, previous));
        previous = hashes.at(-1);
      }
      next = number + 1;
      waiting = [];
      gone = new Map();
    },
    end(isCounted: boolean) {
      isEnded = true;
      if (!isCounted)
        findings.push({
          what: 'unreadable',
          why: 'its last line names another number of records than it has',
        });
    },
    finish() {
      if (!isFiltered) skipTo(last);
      for (const line of waiting)
        findings.push({
          what: 'reordered',
          seq: line.seq,
          id: line.id,
          why: 'it stands after the end of its block',
        });
      if (!isEnded)
        findings.push({ what: 'unreadable', why: 'the file breaks off: its last line is missing' });
    },
  };
}

const rewritten = (since: Checkpoint): Finding => ({
  what: 'rewritten',
  seq: [0, since.size - 1],
  why: 'the log did not grow from the checkpoint of --since: some of these were changed and the tree was made anew',
});

/** Each entry names the hash of the one before. That a tree was signed over a broken chain would be the sealer's own fault. */
function* judgeChain(
  lines: readonly RecordLine[],
  first: number,
  hashes: readonly Buffer[],
  previous: Buffer | undefined,
): Generator<Finding> {
  for (const { seq, id, entry } of lines) {
    const before = seq === first ? previous : hashes[seq - first - 1];
    if (before === undefined || typeof entry !== 'object' || entry === null) continue;
    const isIntact = leafOf({ entry } as RecordLine)?.equals(hashes[seq - first] ?? Buffer.alloc(0)) === true;
    if (isIntact && entry.prev !== before.toString('base64'))
      yield { what: 'altered', seq, id, why: 'it does not name the hash of the record before it' };
  }
}
