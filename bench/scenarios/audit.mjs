// The audit: what sealing costs renewals while one tenant is busy, how fast records are sealed, and how long an auditor
// waits for the verdict on an export. Sealing is switched off by holding the sealers' own lock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { accountFor } from '../harness/processes.mjs';
import { compareRounds } from '../harness/statistics.mjs';
import { gatherWrong, medianOf } from './throughput.mjs';
import { startOurs } from './subjects.mjs';

const BUSY_PER_SECOND = 1000;
const RECORDS = 100_000;
const ROOT = '00000000-0000-7000-8000-000000000001';

export async function audit(context) {
  const [ours] = await context.start({ gatehouse: () => startOurs(context) });
  const database = new pg.Client({ connectionString: ours.database });
  await database.connect();
  try {
    const renewals = await besideABusyTenant(context, ours, database);
    const sealed = await sealBacklog(context, ours, database);
    const judged = await verifyExport(context, ours);
    const ratio = compareRounds(perSecond(renewals.sealing), perSecond(renewals.held));
    return {
      title: `audit: renewals while a tenant makes ${BUSY_PER_SECOND} records a second, 32 browsers`,
      columns: ['per second', 'CPU µs each', 'server core', 'database', 'p50 ms', 'p99 ms', 'noise, cores'],
      rows: Object.entries(renewals).map(([name, results]) => ({
        name,
        cells: [
          'perSecond',
          'serverCpuMicros',
          'serverCoreShare',
          'databaseCoreShare',
          'p50',
          'p99',
          'noiseCores',
        ].map((field) => medianOf(results, field)),
        wrong: gatherWrong(results),
      })),
      comparisons: [
        {
          what: 'sealing / held, renewals per second',
          ...ratio,
          ...target(ratio.median >= 0.95, 'at least 0.95'),
        },
        figure('records sealed per second', sealed.perSecond, sealed.perSecond >= 5000, 'at least 5000'),
        figure(
          'seconds to verify a million records',
          judged.secondsAMillion,
          judged.secondsAMillion < 60,
          'under 60',
        ),
      ],
      notes: [
        figure('server CPU µs for each record sealed', sealed.cpuMicros),
        figure('seconds to export a million records', judged.exportAMillion),
      ],
      results: { ...renewals, backlog: [sealed], export: [judged] },
    };
  } finally {
    await database.end();
  }
}

const perSecond = (results) => results.map((result) => result.perSecond);
const target = (met, targetText) => ({ target: targetText, met, targetText });
const figure = (what, value, met, targetText) => ({
  what,
  ...compareRounds([value], [1]),
  ...(targetText && target(met, targetText)),
});

const hold = (database) =>
  database.query(`select pg_advisory_lock(hashtextextended('gatehouse audit sealer', 0))`);
const release = (database) =>
  database.query(`select pg_advisory_unlock(hashtextextended('gatehouse audit sealer', 0))`);
const addRecords = (database, count) =>
  database.query(
    `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, actor_id, actor_tenant_id, resource_type, resource_id, after, context, correlation_id)
     select $1, uuidv7(), clock_timestamp(), 'login', 'user', gen_random_uuid(), $1, 'session', gen_random_uuid(), '{"client":"console","amr":["pwd"]}',
       jsonb_build_object('ip', jsonb_build_object('$personal', md5(n::text)), 'userAgent', jsonb_build_object('$personal', md5(n::text))), md5(n::text)
     from generate_series(1, $2) n`,
    [ROOT, count],
  );
const waiting = async (database) =>
  Number((await database.query('select count(*) as n from gatehouse.audit_unsealed')).rows[0].n);

async function besideABusyTenant(context, ours, database) {
  const feeder = new pg.Client({ connectionString: ours.database });
  await feeder.connect();
  let adding = Promise.resolve();
  const timer = setInterval(
    () => (adding = adding.then(() => addRecords(feeder, BUSY_PER_SECOND / 10))),
    100,
  );
  const measure = (seconds) =>
    ours.run('closed', { action: 'renewal', seconds, browsers: context.connections });
  const results = { sealing: [], held: [] };
  try {
    await measure(Math.min(2, context.seconds));
    for (let round = 0; round < context.rounds; round += 1) {
      for (const turn of round % 2 === 0 ? ['sealing', 'held'] : ['held', 'sealing']) {
        context.report.progress(`  round ${round + 1} of ${context.rounds}: ${turn}`);
        if (turn === 'held') await hold(database);
        results[turn].push(await measure(context.seconds));
        if (turn === 'held') await release(database);
      }
    }
  } finally {
    clearInterval(timer);
    await adding;
    await feeder.end();
  }
  return results;
}

async function sealBacklog(context, ours, database) {
  context.report.progress(`  sealing ${RECORDS} records`);
  while ((await waiting(database)) > 0) await pause(200);
  await hold(database);
  await addRecords(database, RECORDS);
  const before = accountFor(ours.pid);
  const started = performance.now();
  await release(database);
  while ((await waiting(database)) > 0) await pause(100);
  const seconds = (performance.now() - started) / 1000;
  const cpu = accountFor(ours.pid)?.cpuSeconds - before?.cpuSeconds;
  return { perSecond: RECORDS / seconds, cpuMicros: (cpu / RECORDS) * 1e6 };
}

async function verifyExport(context, ours) {
  context.report.progress('  exporting and verifying');
  const [file, keys] = [join(context.dir, 'audit.jsonl'), join(context.dir, 'audit-keys.json')];
  const { host, port } = ours.address;
  const published = await fetch(`http://${host}:${port}/.well-known/gatehouse-audit-keys.json`);
  await writeFile(keys, await published.text());
  const exported = await timed(context, ours, ['export', '--tenant', ROOT, '--out', file]);
  const judged = await timed(context, ours, ['verify', file, '--key', keys]);
  const records = Number(/^OK: (\d+) records/m.exec(judged.output)?.[1]);
  if (!(records > RECORDS)) throw new Error(`the export does not verify:\n${judged.output}`);
  const aMillion = (seconds) => (seconds / records) * 1e6;
  return { records, secondsAMillion: aMillion(judged.seconds), exportAMillion: aMillion(exported.seconds) };
}

async function timed(context, { env }, args) {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [join(context.checkout, 'apps/server/dist/main.js'), 'audit', ...args],
    {
      cwd: context.dir,
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`audit ${args[0]} ended with ${status}: ${output}`);
  return { seconds: (performance.now() - started) / 1000, output };
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
