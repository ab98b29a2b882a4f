// Makes the deployments, one after the other, on one PostgreSQL. While rows come in it is run without fsync: a folder that
// was not finished is of no use anyway. What is written is checked by the database as ever: foreign keys, triggers, policies.
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import bcrypt from '@node-rs/bcrypt';
import pg from 'pg';
import { createSealer } from '../../apps/server/src/platform/crypto/seal.ts';
import { runGatehouse, startGatehouse } from '../scenarios/subjects.mjs';
import { copyRows } from './copy.mjs';
import { clearFolder, settingsOf, startSeededPostgres, writeSeeded } from './folder.mjs';
import { createRowMaker, newIdAt, PASSWORD, TABLES } from './people.mjs';
import { clock, startProgress } from './progress.mjs';

const BATCH = 2000;
/** The lowest that the product takes: a measured sign-in shows what else it costs. */
const BCRYPT_COST = 10;
const FAST = {
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '8GB',
  maintenance_work_mem: '512MB',
  shared_buffers: '1GB',
};
const say = (text) => process.stderr.write(`${text}\n`);

export async function seed({ dir, port, users, tenants, records, only, again }) {
  const started = performance.now();
  clearFolder(dir, again);
  const seeded = { masterKey: randomBytes(32).toString('base64'), bcryptCost: BCRYPT_COST, deployments: {} };
  const wanted = {
    small: { people: 1000, tenants: 10 },
    large: { people: users, tenants },
    audit: { people: 1000, tenants: 1, records },
  };
  if (only !== undefined)
    for (const name of only === 'audit' ? ['small', 'large'] : ['audit']) delete wanted[name];
  const postgres = await startSeededPostgres(dir, { port, settings: FAST });
  const stop = async () => {
    await postgres.stop();
    process.exit(130);
  };
  process.once('SIGINT', stop);
  try {
    for (const [name, size] of Object.entries(wanted)) {
      say(`\n${name}:`);
      const at = performance.now();
      const deployment = await seedDeployment({ dir, port, postgres, seeded, name, size });
      seeded.deployments[name] = { ...size, ...deployment };
      say(`${name}: ${deployment.megabytes} MB, ${clock((performance.now() - at) / 1000)} minutes`);
    }
  } finally {
    await postgres.stop();
  }
  writeSeeded(dir, seeded);
  const megabytes = Object.values(seeded.deployments).reduce((sum, of) => sum + of.megabytes, 0);
  const minutes = clock((performance.now() - started) / 1000);
  say(`\nSeeded ${dir} in ${minutes} minutes: ${megabytes} MB of databases. Sessions in it last seven days.`);
}

async function seedDeployment({ dir, port, postgres, seeded, name, size }) {
  const url = await postgres.createDatabase(name);
  const settings = settingsOf(seeded, name, url);
  const data = join(dir, `gatehouse-${name}`);
  const serve = () =>
    startGatehouse({ address: { host: '127.0.0.1', port: port + 1 }, dir: data, env: settings }, {});
  // The first start makes schema, roles, keys, the root tenant and its administrator.
  await (await serve()).stop();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const made = await writePeople(client, url, settings, size);
    say('  statistics and visibility');
    await client.query('vacuum (analyze)');
    const total = made.recordsInAll;
    const server = await serve();
    const progress = startProgress('records sealed by the service', total);
    const sealed = async () =>
      Number((await client.query('select sum(size) as n from gatehouse.audit_trees')).rows[0].n ?? 0);
    const before = await sealed();
    for (let n = before; n < total; n = await sealed()) {
      if (server.child.exitCode !== null) throw new Error(`the service ended:\n${server.tail()}`);
      progress.at(n);
      await delay(500);
    }
    const sealSeconds = progress.end();
    const exported = size.records === undefined ? {} : await exportRecords(server, { dir, port, made });
    await server.stop();
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
    const { rows } = await client.query('select pg_database_size(current_database()) as bytes');
    return {
      ...made,
      sealed: total - before,
      sealSeconds,
      ...exported,
      megabytes: Math.round(Number(rows[0].bytes) / 1e6),
    };
  } finally {
    await client.end();
    rmSync(data, { recursive: true, force: true });
  }
}

/** What an auditor is given: the tenant's records, and the public keys. */
async function exportRecords({ env }, { dir, port, made }) {
  say('  exporting the records of the busy tenant');
  const keys = await fetch(`http://127.0.0.1:${port + 1}/.well-known/gatehouse-audit-keys.json`);
  writeFileSync(join(dir, 'audit-keys.json'), await keys.text());
  const file = join(dir, 'audit.jsonl');
  const { seconds } = await runGatehouse(['audit', 'export', '--tenant', made.tenantId, '--out', file], {
    env,
    dir,
  });
  return { exportSeconds: seconds };
}

async function writePeople(client, url, settings, size) {
  const masterKey = Buffer.from(settings.GATEHOUSE_MASTER_KEY, 'base64');
  const now = new Date();
  // In this month, for which there is a partition.
  const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
  const maker = createRowMaker({
    sealer: createSealer([masterKey]),
    hash: await bcrypt.hash(PASSWORD, { cost: BCRYPT_COST }),
    masterKey,
    since: Math.min(month, now.getTime() - 60_000),
    until: now.getTime(),
    users: size.people,
  });
  const { rows } = await client.query('select name, id from gatehouse.roles where tenant_id is null');
  const roles = Object.fromEntries(rows.map(({ name, id }) => [name, id]));
  const tenantIds = Array.from({ length: size.tenants }, (_, number) => maker.tenant(number));
  const write = await openLanes(url);
  await write(maker.take());
  const written = startProgress('people', size.people);
  const people = [];
  let made = 0;
  for (const [tenantId, count] of sharesOf(tenantIds, size.people)) {
    for (let n = 0; n < count; n += 1) {
      const roleId = n === 0 ? roles.admin : n % 20 === 0 ? roles.SUPPORT_AGENT : undefined;
      const person = maker.person(tenantId, { roleId });
      if (size.records !== undefined || (n === 0 && tenantId === tenantIds[0])) people.push(person);
      if ((made += 1) % BATCH === 0) {
        await write(maker.take());
        written.at(made);
      }
    }
  }
  await write(maker.take());
  await write.settled();
  const peopleSeconds = written.end();
  if (size.records !== undefined) await writeRecords(maker, write, people, size);
  await write.end();
  const { rows: counted } = await client.query('select count(*) as n from gatehouse.audit_records');
  return {
    recordsInAll: Number(counted[0].n),
    peopleSeconds: Math.round(peopleSeconds),
    tenantId: tenantIds[0],
    admin: people[0].email,
  };
}

/** A tenth of the people are in the first tenant, the others evenly in the rest. */
function sharesOf(tenantIds, people) {
  if (tenantIds.length === 1) return [[tenantIds[0], people]];
  const first = Math.floor(people / 10);
  const [of, rest] = [tenantIds.length - 1, people - first];
  return tenantIds.map((tenantId, number) => [
    tenantId,
    number === 0 ? first : Math.floor((number * rest) / of) - Math.floor(((number - 1) * rest) / of),
  ]);
}

/** Sign-ins of the people, over and over. */
async function writeRecords(maker, write, people, { records }) {
  const progress = startProgress('audit records', records);
  const until = Date.now();
  const each = Math.min(50, 3_600_000 / records);
  for (let n = people.length; n < records; n += 1) {
    const time = Math.floor(until - (records - n) * each);
    maker.signIn(people[n % people.length], newIdAt(time), time);
    if (n % BATCH === 0) {
      await write(maker.take());
      progress.at(n);
    }
  }
  await write(maker.take());
  await write.settled();
  progress.end();
}

/** Two connections that write batches while the next ones are made; a batch is one transaction. */
async function openLanes(url) {
  const lanes = await Promise.all(
    Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('set synchronous_commit = off');
      return { client, writing: Promise.resolve() };
    }),
  );
  let next = 0;
  const writeBatch = async (client, batch) => {
    await client.query('begin');
    for (const [table, columns] of Object.entries(TABLES))
      if (batch[table].length > 0) await copyRows(client, table, columns, batch[table]);
    await client.query('commit');
  };
  const write = async (batch) => {
    const lane = lanes[(next += 1) % lanes.length];
    await lane.writing;
    lane.writing = writeBatch(lane.client, batch);
    // Waited for at its next turn, and at the end.
    lane.writing.catch(() => {});
    if (batch.tenants.length > 0) await lane.writing;
  };
  write.settled = () => Promise.all(lanes.map(({ writing }) => writing));
  write.end = () => Promise.all(lanes.map(({ client }) => client.end()));
  return write;
}
