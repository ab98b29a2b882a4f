import pg from 'pg';
import { keyIdOf } from '../crypto/index.ts';
import { copyOut } from '../database/index.ts';
import { BackupError } from './backup-error.ts';
import type { Manifest } from './form.ts';

/**
 * Not copied: counters of a minute, and the log of what ended, whose order is that of this database's transactions and means
 * nothing in another one.
 */
const LEFT_OUT = ['rate_limits', 'revocations'];

const INSUFFICIENT_PRIVILEGE = '42501';

export interface Snapshot {
  client: pg.Client;
  manifest: Omit<Manifest, 'release'>;
  /** About how many rows each table has, as the planner believes. */
  estimates: Map<string, number>;
  now: Date;
  close(): Promise<void>;
}

/**
 * Opens a transaction that sees the database as it is at this moment, whatever is written meanwhile, and reads what there is.
 *
 * @throws {BackupError} where the role of the URL may not read every row
 */
export async function openSnapshot(
  adminUrl: string,
  { rolePrefix, keyIds }: { rolePrefix: string; keyIds: readonly string[] },
): Promise<Snapshot> {
  const client = new pg.Client({
    connectionString: adminUrl,
    application_name: 'gatehouse backup',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkMigrated(client);
    await makeNextMonths(client, rolePrefix);
    await client.query('begin isolation level repeatable read read only');
    const migrations = await loadMigrations(client);
    await becomeReader(client, rolePrefix);
    // A month that retention has emptied is dropped whatever a snapshot still sees in it: not while this runs.
    await client.query('lock table gatehouse.audit_records, gatehouse.decisions in access share mode');
    await checkKey(client, keyIds);
    const tables = await listTables(client);
    const { rows: facts } = await client.query<{ now: Date; version: string }>(
      `select now() as now, current_setting('server_version') as version`,
    );
    return {
      client,
      manifest: {
        postgres: facts[0]?.version ?? '',
        migrations,
        tables: inOrder(tables, await listReferences(client)).map(({ name, columns }) => ({ name, columns })),
        months: await listMonths(client),
      },
      estimates: new Map(tables.map(({ name, estimate }) => [name, estimate])),
      now: facts[0]?.now ?? new Date(),
      // The transaction changed nothing: the connection may simply go.
      close: () => client.end(),
    };
  } catch (error) {
    await client.end();
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE)
      throw new BackupError(
        `This role may not read everything (${(error as Error).message}): DATABASE_ADMIN_URL must name the role that migrates.`,
      );
    throw error;
  }
}

export const rowsOf = ({ client }: Snapshot, table: Manifest['tables'][number]): AsyncGenerator<Buffer> =>
  copyOut(
    client,
    `copy (select ${columnsOf(table)} from gatehouse.${pg.escapeIdentifier(table.name)}) to stdout`,
  );

export const columnsOf = ({ columns }: Manifest['tables'][number]): string =>
  columns.map((name) => pg.escapeIdentifier(name)).join(', ');

async function checkMigrated(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ known: boolean }>(
    `select to_regclass('gatehouse_migrations.applied') is not null as known`,
  );
  if (rows[0]?.known !== true)
    throw new BackupError('There is nothing to copy: this database has never been served by Gatehouse.');
}

/** While a copy is made, a new month would have to wait for it, and everybody else for the month. */
async function makeNextMonths(client: pg.Client, rolePrefix: string): Promise<void> {
  await client.query(`begin; set local role ${rolePrefix}owner`);
  await client.query(`select gatehouse.ensure_partitions(now() + interval '1 month')`);
  await client.query('commit');
}

/**
 * SECURITY: a role that row security binds would copy the rows that it sees and call it whole. So either row security is off,
 * which fails where it would apply, or the role is the one that reads everything.
 */
async function becomeReader(client: pg.Client, rolePrefix: string): Promise<void> {
  const reader = `${rolePrefix}backup`;
  const { rows } = await client.query<{ free: boolean; there: boolean }>(
    `select (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as free,
       exists (select from pg_roles where rolname = $1) as there`,
    [reader],
  );
  if (rows[0]?.free === true) return void (await client.query('set local row_security = off'));
  if (rows[0]?.there !== true)
    throw new BackupError(
      `The database has no role ${reader} yet: run gatehouse migrate first, or make this copy as a superuser (DATABASE_ADMIN_URL).`,
    );
  await client.query(`set local role ${pg.escapeIdentifier(reader)}`);
}

/** A copy under a key that is not the database's own could be opened, and nothing in it. */
async function checkKey(client: pg.Client, keyIds: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ sealed: string }>(
    'select key_check_sealed as sealed from gatehouse.installation',
  );
  const [found] = rows;
  if (!found) throw new BackupError('There is nothing to copy: no service has run on this database yet.');
  const keyId = keyIdOf(found.sealed);
  if (!keyIds.includes(keyId))
    throw new BackupError(
      `This database is sealed under the master key ${keyId}, which is not at hand (${keyIds.join(', ')}). Make the copy with the settings of the service.`,
    );
}

async function loadMigrations(client: pg.Client): Promise<Manifest['migrations']> {
  const { rows } = await client.query<{ name: string; hash: string; applied_at: Date }>(
    'select name, hash, applied_at from gatehouse_migrations.applied order by name',
  );
  return rows.map(({ name, hash, applied_at: at }) => ({ name, hash, appliedAt: at.toISOString() }));
}

interface Table {
  name: string;
  columns: string[];
  estimate: number;
}

async function listTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname as name,
       (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
       (select coalesce(sum(greatest(p.reltuples, 0)), 0)::float8 from pg_class p
         where p.oid = c.oid or p.oid in (select i.inhrelid from pg_inherits i where i.inhparent = c.oid)) as estimate
     from pg_class c
     where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not c.relname = any ($1)
     order by c.relname`,
    [LEFT_OUT],
  );
  return rows;
}

async function listReferences(client: pg.Client): Promise<{ from: string; to: string }[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `select f.relname as "from", t.relname as "to" from pg_constraint k
     join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
     where k.contype = 'f' and k.connamespace = 'gatehouse'::regnamespace and k.conrelid <> k.confrelid and k.conparentid = 0`,
  );
  return rows;
}

/** What is referred to comes before what refers to it. */
function inOrder(tables: Table[], references: { from: string; to: string }[]): Table[] {
  const left = new Map(tables.map((table) => [table.name, table]));
  const ordered: Table[] = [];
  while (left.size > 0) {
    const free = [...left.values()].filter(
      ({ name }) => !references.some(({ from, to }) => from === name && left.has(to)),
    );
    if (free.length === 0)
      throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join()}`);
    for (const table of free) left.delete(table.name);
    ordered.push(...free);
  }
  return ordered;
}

async function listMonths(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ month: string }>(
    `select distinct substring(relname from '_(\\d{4}_\\d{2})$') as month from pg_class
     where relnamespace = 'gatehouse'::regnamespace and relispartition and relname ~ '_\\d{4}_\\d{2}$' order by 1`,
  );
  return rows.map(({ month }) => month);
}
