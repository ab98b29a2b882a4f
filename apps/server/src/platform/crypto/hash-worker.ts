import { setPriority } from 'node:os';
import * as bcrypt from '@node-rs/bcrypt';
import { compareHash, spendRest, threadMs } from './compare-hash.ts';

/** Work for one hash thread. */
export type HashTask =
  | { kind: 'hash'; password: string; cost: number }
  | { kind: 'verify'; password: string; hash: string; cost: number };

// On Linux a priority belongs to a thread: hashing gives way to answering. Elsewhere it would slow the whole process.
if (process.platform === 'linux') {
  try {
    setPriority(19);
  } catch {
    // A sandbox may forbid it; then the threads share the cores evenly.
  }
}

export default function work(task: HashTask): string | boolean {
  if (task.kind === 'hash') return bcrypt.hashSync(task.password, { cost: task.cost });
  const before = threadMs();
  const right = compareHash(task.password, task.hash);
  spendRest(task.hash, task.cost, threadMs() - before);
  return right;
}
