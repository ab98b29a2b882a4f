// The audit: what sealing costs sign-ins and renewals while one tenant is busy, and how fast records are sealed. Sealing is
// switched off by holding the sealers' own lock.
import pg from 'pg';
import { accountFor } from '../harness/processes.mjs';
import { compareRounds } from '../harness/statistics.mjs';
import { gatherWrong, medianOf } from './throughput.mjs';
import { startOurs } from './subjects.mjs';

const BUSY_PER_SECOND = 1000;
const RECORDS = 100_000;
const ROOT = '00000000-0000-7000-8000-000000000001';
const ACTIONS = ['renewal', 'login'];
const AT_LEAST = 0.95;

export async function audit(context) {
  const [ours] = await context.start({ gatehouse: () => startOurs(context) });
  const database = new pg.Client({ connectionString: ours.database });
  await database.connect();
  try {
    const results = {};
    for (const action of ACTIONS)
      Object.assign(results, await besideABusyTenant(context, ours, database, action));
    const sealed = await sealBacklog(context, ours, database);
    return {
      title: `audit: while a tenant makes ${BUSY_PER_SECOND} records a second, 32 browsers`,
      columns: ['per second', 'CPU µs each', 'server core', 'database', 'p50 ms', 'p99 ms', 'noise, cores'],
      rows: Object.entries(results).map(([name, rounds]) => ({
        name,
        cells: [
          'perSecond',
          'serverCpuMicros',
          'serverCoreShare',
          'databaseCoreShare',
          'p50',
          'p99',
          'noiseCores',
        ].map((field) => medianOf(rounds, field)),
        wrong: gatherWrong(rounds),
      })),
      comparisons: [
        ...ACTIONS.map((action) => {
          const ratio = compareRounds(
            ...['sealing', 'held'].map((turn) =>
              results[`${action}, ${turn}`].map(({ perSecond }) => perSecond),
            ),
          );
          const what = `${action}: sealing / held, per second`;
          return { what, ...ratio, ...target(ratio.median >= AT_LEAST, `at least ${AT_LEAST}`) };
        }),
        {
          ...figure('records sealed per second', sealed.perSecond),
          ...target(sealed.perSecond >= 5000, 'at least 5000'),
        },
      ],
      notes: [figure('server CPU µs for each record sealed', sealed.cpuMicros)],
      results: { ...results, backlog: [sealed] },
    };
  } finally {
    await database.end();
  }
}

const target = (met, targetText) => ({ target: targetText, met, targetText });
const figure = (what, value) => ({ what, ...compareRounds([value], [1]) });

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

async function besideABusyTenant(context, ours, database, action) {
  const feeder = new pg.Client({ connectionString: ours.database });
  await feeder.connect();
  let adding = Promise.resolve();
  const timer = setInterval(
    () => (adding = adding.then(() => addRecords(feeder, BUSY_PER_SECOND / 10))),
    100,
  );
  const measure = (seconds) => ours.run('closed', { action, seconds, browsers: context.connections });
  const results = { sealing: [], held: [] };
  try {
    await measure(Math.min(2, context.seconds));
    for (let round = 0; round < context.rounds; round += 1) {
      for (const turn of round % 2 === 0 ? ['sealing', 'held'] : ['held', 'sealing']) {
        context.report.progress(`  round ${round + 1} of ${context.rounds}: ${action}, ${turn}`);
        // What was held back in the turn before is not sealed in this one.
        if (turn === 'sealing') while ((await waiting(database)) > BUSY_PER_SECOND * 2) await pause(100);
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
  return { [`${action}, sealing`]: results.sealing, [`${action}, held`]: results.held };
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

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
