// Sign-ins a second, beside nothing but bcrypt at cost 12 on the same core.
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { startProcess } from '../harness/processes.mjs';
import { startOurs, startPeer } from './subjects.mjs';
import { measureThroughput } from './throughput.mjs';

const CLIENTS = 8;
// A check takes about a fifth of a second: a short round would measure the rounding of its last one.
const SHORTEST_ROUND = 8;

export async function login(context) {
  const subjects = await context.start({
    bare: () => startBareBcrypt(context.machine),
    gatehouse: () => startOurs(context, { signIn: false }),
    'better-auth': () => startPeer(context, { signIn: false }),
  });
  return measureThroughput({
    context: { ...context, seconds: Math.max(SHORTEST_ROUND, context.seconds) },
    title: `login: sign-ins a second, bcrypt cost 12, ${CLIENTS} clients`,
    subjects,
    job: (_subject, seconds) => ['closed', { action: 'login', seconds, browsers: CLIENTS }],
    comparisons: [
      { of: 'gatehouse', against: 'bare', atLeast: 0.9 },
      { of: 'gatehouse', against: 'better-auth' },
    ],
  });
}

async function startBareBcrypt({ serverCore }) {
  const program = startProcess(process.execPath, [join(import.meta.dirname, '../reference/bcrypt.mjs')], {
    core: serverCore,
  });
  const lines = createInterface({ input: program.child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async run(_job, { seconds }) {
      program.child.stdin.write(`run ${seconds}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the bcrypt reference ended: ${program.tail()}`);
      return JSON.parse(value);
    },
    stop: () => program.stop(),
  };
}
