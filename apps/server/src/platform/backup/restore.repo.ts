import pg from 'pg';
import { copyIn, migrateForRestore, MigrationError } from '../database/index.ts';
import { BackupError } from './backup-error.ts';
import { columnsOf } from './backup.repo.ts';
import type { Manifest } from './form.ts';
import type { Backup } from './read-backup.ts';

export interface RestoreOptions {
  adminUrl: string;
  rolePrefix: string;
  dbDir: string;
  log(message: string): void;
  onTable(table: string, rows: number): void;
  /** What the audit trail says of it: written with the rows, or not at all. */
  recordOf(rows: number, now: Date): RestoreRecord;
}

/** A record of the audit trail, as far as every schema has had it. */
export interface RestoreRecord {
  tenantId: string;
  id: string;
  occurredAt: Date;
  action: string;
  actorKind: string;
  resourceType: string;
  resourceId: string | null;
  after: unknown;
  context: unknown;
  correlationId: string;
}

/** Why, on rows that this release ended itself. */
const RESTORED = 'restored from a copy';

/**
 * Puts a copy into an empty database, all of it or nothing: the schema of that time first, then every row in one transaction.
 * The migrations that came later run when the server starts.
 *
 * @throws {BackupError} where the database is not empty, or the copy is not whole or not for this release
 */
export async function restoreBackup(backup: Backup, options: RestoreOptions): Promise<Manifest> {
  const client = new pg.Client({
    connectionString: options.adminUrl,
    application_name: 'gatehouse restore',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkEmpty(client, options.rolePrefix);
    let manifest: Manifest | undefined;
    let rows = 0;
    await backup.read({
      async begin(found) {
        manifest = found;
        await migrateForRestore(client, options, (known) => migrationsOf(found, known));
        await checkEmpty(client, options.rolePrefix);
        await client.query(`begin; set local role ${options.rolePrefix}owner`);
        await openTables(client, found);
      },
      async take(table, pieces) {
        const name = pg.escapeIdentifier(table.name);
        const taken = await copyIn(client, `copy gatehouse.${name} (${columnsOf(table)}) from stdin`, pieces);
        rows += taken;
        options.onTable(table.name, taken);
        return taken;
      },
    });
    if (manifest === undefined) throw new Error('the copy was read without a beginning');
    await insertRecord(client, options.recordOf(rows, await timeOf(client)));
    await closeTables(client, manifest);
    await endWhatWasOpen(client);
    await client.query('commit');
    return manifest;
  } catch (error) {
    throw error instanceof MigrationError ? new BackupError(error.message) : error;
  } finally {
    await client.end();
  }
}

/** Every migration that the copy was made after; this release must have them all. */
function migrationsOf(manifest: Manifest, known: readonly { name: string; hash: string }[]): string[] {
  const unknown = manifest.migrations.find(({ name }) => !known.some((each) => each.name === name));
  if (unknown)
    throw new BackupError(
      `The copy was made by a later release (${manifest.release}): this one does not know its migration ${unknown.name}. Restore it with that release.`,
    );
  return manifest.migrations.map(({ name }) => name);
}

/**
 * SECURITY: a restore into a database in use would mix two histories. One that a server has been brought to says so; what else has
 * tables is left from a restore that was interrupted, and nobody is using it.
 */
async function checkEmpty(client: pg.Client, rolePrefix: string): Promise<void> {
  const advice =
    'Restore into a new one: another GATEHOUSE_DATA_DIR, or an empty database in DATABASE_URL (and DATABASE_ADMIN_URL).';
  for (const mark of ['level', 'state']) {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('gatehouse_migrations.${mark}') is not null as there`,
    );
    if (rows[0]?.there !== true) continue;
    const { rowCount } = await client.query(`select from gatehouse_migrations.${mark}`);
    if (rowCount !== 0)
      throw new BackupError(`The database is not empty: Gatehouse has served it. ${advice}`);
  }
  const { rows: tables } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'gatehouse' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  if (tables.length === 0) return;
  await client.query(`begin; set local role ${rolePrefix}owner`);
  for (const { name } of tables) {
    // Row security would show the owner an empty table; this ends with the transaction.
    await client.query(`alter table ${name} no force row level security`);
    const { rowCount } = await client.query(`select from ${name} limit 1`);
    if (rowCount !== 0) throw new BackupError(`The database is not empty: ${name} has rows. ${advice}`);
  }
  await client.query('rollback');
}

/**
 * Until the transaction ends: row security would keep the owner out, and triggers would do again what the rows say already
 * was done. Keys and foreign keys are held as ever.
 */
async function openTables(client: pg.Client, { tables, months }: Manifest): Promise<void> {
  for (const month of months)
    await client.query('select gatehouse.ensure_partitions($1::timestamptz)', [
      `${month.replace('_', '-')}-01 00:00:00+00`,
    ]);
  for (const name of tables.map((table) => pg.escapeIdentifier(table.name)))
    await client.query(`alter table gatehouse.${name} no force row level security, disable trigger user`);
}

async function closeTables(client: pg.Client, { tables }: Manifest): Promise<void> {
  for (const name of tables.map((table) => pg.escapeIdentifier(table.name))) {
    await client.query(`alter table gatehouse.${name} enable trigger user`);
  }
  const { rows } = await client.query<{ name: string; column: string; sequence: string }>(
    `select c.oid::regclass::text as name, a.attname as "column", pg_get_serial_sequence(c.oid::regclass::text, a.attname) as sequence
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'gatehouse'::regnamespace and c.relkind = 'r' and a.attidentity <> '' and c.relname = any ($1)`,
    [tables.map((table) => table.name)],
  );
  for (const { name, column, sequence } of rows)
    await client.query(
      `select setval($1, coalesce((select max(${pg.escapeIdentifier(column)}) from ${name}), 0) + 1, false)`,
      [sequence],
    );
}

/** The database's time, which all records go by (docs/adr/0042). */
async function timeOf(client: pg.Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now');
  const [row] = rows;
  if (row === undefined) throw new Error('a row without a condition is not there');
  return row.now;
}

/**
 * While the tables are open: no trigger fires, nor might its function write before the next start has given it the rights. So the
 * record is queued for the sealer here.
 */
async function insertRecord(client: pg.Client, record: RestoreRecord): Promise<void> {
  await client.query(
    `insert into gatehouse.audit_records
       (tenant_id, id, occurred_at, action, actor_kind, resource_type, resource_id, after, context, correlation_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      record.tenantId,
      record.id,
      record.occurredAt,
      record.action,
      record.actorKind,
      record.resourceType,
      record.resourceId,
      JSON.stringify(record.after),
      JSON.stringify(record.context),
      record.correlationId,
    ],
  );
  await client.query(
    'insert into gatehouse.audit_unsealed (tenant_id, record_id, occurred_at) values ($1, $2, $3)',
    [record.tenantId, record.id, record.occurredAt],
  );
}

/**
 * SECURITY: what was ended, used up or thrown away after the copy was made must not come alive with it. Nobody can say what that
 * was, so everything of the kind ends: sessions, links, mail that waits, and the keys that sign. Services that follow the
 * revocation log are told of every tenant.
 */
async function endWhatWasOpen(client: pg.Client): Promise<void> {
  await client.query(
    `update gatehouse.sessions set ended_at = now(), end_reason = '${RESTORED}', epoch = epoch + 1 where ended_at is null`,
  );
  await client.query('update gatehouse.one_time_tokens set consumed_at = now() where consumed_at is null');
  await client.query(
    `update gatehouse.outbox set failed_at = now(), claimed_until = null, payload_sealed = '', last_error = '${RESTORED}'
     where delivered_at is null and failed_at is null`,
  );
  await client.query('delete from gatehouse.signing_keys');
  await client.query('update gatehouse.tenants set epoch = epoch + 1');
  await client.query('alter table gatehouse.revocations no force row level security');
  await client.query(
    `insert into gatehouse.revocations (tenant_id, kind, subject_id, epoch, created_at)
     select id, 'tenant', id, epoch, now() from gatehouse.tenants`,
  );
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  for (const { name } of rows)
    await client.query(`alter table ${name} enable row level security, force row level security`);
}
