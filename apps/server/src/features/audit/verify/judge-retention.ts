import { type CompactRange, isConsistent, perfectNodes, rootOf } from '../../../platform/crypto/index.ts';
import type { HeaderLine } from '../export/line.ts';
import { openRetentionCheckpoint, type RetentionCheckpoint } from '../retention/retention-checkpoint.ts';
import type { Checkpoint } from '../seal/checkpoint.ts';
import type { Finding } from './finding.ts';
import { readHash } from './read-hash.ts';

/**
 * Does the file begin where retention ended, and is what it has the rest of the same tree? Undefined where it does not say so, or
 * where it says so and it does not hold: then the records before it are missing without an explanation.
 */
export function judgeRetention(
  { retention, from, tenantId, origin, consistency }: HeaderLine,
  { size, root }: Checkpoint,
  keys: readonly Buffer[],
  findings: Finding[],
): { checkpoint: RetentionCheckpoint; range: CompactRange } | undefined {
  if (retention === undefined) return undefined;
  const refuse = (why: string) => void findings.push({ what: 'checkpoint', why: `of retention: ${why}` });
  const checkpoint = openRetentionCheckpoint(retention.checkpoint, keys);
  if (checkpoint === undefined) return refuse('it is not signed by this key');
  // SECURITY: the host, too: a deployment of the same key elsewhere has another log.
  if (checkpoint.tenantId !== tenantId || !checkpoint.note.startsWith(`${origin}/retention\n`))
    return refuse(`it is not of ${origin}`);
  const range = {
    size: checkpoint.size,
    hashes: retention.frontier.map(readHash),
  };
  if (range.hashes.length !== perfectNodes(0, range.size).length || !rootOf(range).equals(checkpoint.root))
    return refuse('the subtrees beside it are not those of the records that it speaks of');
  // A part that begins later says nothing of what lies between, and does not have to.
  if (from !== checkpoint.size)
    return from > checkpoint.size ? { checkpoint, range } : refuse('it begins before it');
  const proof = consistency.map(readHash);
  if (isConsistent({ oldSize: from, oldRoot: checkpoint.root, size, root, proof }))
    return { checkpoint, range };
  findings.push({
    what: 'rewritten',
    seq: [0, from - 1],
    why: 'the log did not grow from the records that retention removed: some of it was changed and the tree was made anew',
  });
  return undefined;
}
