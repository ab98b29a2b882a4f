import { setPriority } from 'node:os';
import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';

/** Work for one hash thread. */
export type HashTask =
  | { kind: 'hash'; password: string; cost: number }
  | { kind: 'verify'; password: string; hash: string };

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
  if (task.hash.startsWith('$argon2')) return argon2.verifySync(task.hash, task.password);
  return bcrypt.verifySync(task.password, task.hash);
}
