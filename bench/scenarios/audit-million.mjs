// How long an auditor waits for the verdict on a million records: exported and judged by the command line as it ships.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareRounds } from '../harness/statistics.mjs';
import { settingsOf } from '../seed/folder.mjs';
import { startOurs } from './subjects.mjs';

const SECONDS = 60;

export async function auditMillion(context) {
  const { seeded } = context;
  const deployment = seeded.deployments.audit;
  if (!deployment) throw new Error('the folder was seeded without the busy tenant');
  const env = settingsOf(seeded, 'audit', context.postgres.urlOf('audit'));
  const [ours] = await context.start({
    gatehouse: () => startOurs(context, { signIn: false, seeded: env }),
  });
  const [file, keys] = [join(context.dir, 'audit.jsonl'), join(context.dir, 'audit-keys.json')];
  const { host, port } = ours.address;
  const published = await fetch(`http://${host}:${port}/.well-known/gatehouse-audit-keys.json`);
  await writeFile(keys, await published.text());
  context.report.progress(`  exporting ${deployment.records} records`);
  const exported = await run(context, ours, ['export', '--tenant', deployment.tenantId, '--out', file]);
  context.report.progress('  verifying them');
  const judged = await run(context, ours, ['verify', file, '--key', keys]);
  const records = Number(/^OK: (\d+) records/m.exec(judged.output)?.[1]);
  if (!(records >= deployment.records - 1000))
    throw new Error(`the export does not verify:\n${judged.output}`);
  const figure = (what, value) => ({ what, ...compareRounds([value], [1]) });
  return {
    title: `audit-million: ${records} records of one tenant, ${Math.round(statSync(file).size / 1e6)} MB as JSON Lines`,
    columns: ['seconds', 'records a second'],
    rows: [
      { name: 'export', cells: [exported.seconds, records / exported.seconds], wrong: {} },
      { name: 'verify', cells: [judged.seconds, records / judged.seconds], wrong: {} },
    ],
    comparisons: [
      {
        ...figure(`seconds to verify ${records} records`, judged.seconds),
        target: SECONDS,
        // Of fewer records nobody can tell.
        met: judged.seconds < SECONDS && records >= 1_000_000,
        targetText: `a million in under ${SECONDS}`,
      },
    ],
    notes: [
      figure(
        'records sealed per second while the folder was seeded',
        deployment.records / deployment.sealSeconds,
      ),
    ],
    results: {
      export: [{ records, seconds: exported.seconds }],
      verify: [{ records, seconds: judged.seconds }],
    },
  };
}

/** `gatehouse audit …`, on the server's core. */
async function run(context, { env }, args) {
  const started = performance.now();
  const command = [process.execPath, join(context.checkout, 'apps/server/dist/main.js'), 'audit', ...args];
  const { serverCore } = context.machine;
  const [program, ...rest] =
    serverCore === undefined ? command : ['taskset', '-c', `${serverCore}`, ...command];
  const child = spawn(program, rest, {
    cwd: context.dir,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`audit ${args[0]} ended with ${status}: ${output}`);
  return { seconds: (performance.now() - started) / 1000, output };
}
