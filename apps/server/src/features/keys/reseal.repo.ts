import { type RawBuilder, sql } from 'kysely';
import type { SealedColumn } from '../../platform/crypto/index.ts';
import type { SystemTx } from '../../platform/database/index.ts';

const tableOf = (table: string) => sql.table(`gatehouse.${table}`);
/** Set, and sealed under another key than this one. */
const isElsewhere = (column: string, keyId: string): RawBuilder<boolean> => {
  const name = sql.ref(column);
  return sql<boolean>`(${name} <> '' and not starts_with(${name}, ${`v1.${keyId}.`}))`;
};

export type SealedRow = Record<string, string> & { sealed: string };

/**
 * The next rows that are sealed under another key, locked: who writes to one meanwhile waits for us, and we wait for nobody. Rows
 * that somebody else holds are left to the next round.
 */
export async function claimSealed(
  tx: SystemTx,
  of: SealedColumn,
  keyId: string,
  after: readonly string[] | undefined,
  limit: number,
): Promise<SealedRow[]> {
  const key = Object.entries(of.key);
  const names = sql.join(key.map(([name]) => sql.ref(name)));
  const read = [...key.map(([name]) => name), ...(of.also ?? [])];
  const selected = sql.join(read.map((name) => sql`${sql.ref(name)}::text as ${sql.ref(name)}`));
  const beyond =
    after === undefined
      ? sql`true`
      : sql`(${names}) > (${sql.join(key.map(([, type], i) => sql`${after[i]}::${sql.raw(type)}`))})`;
  const { rows } = await sql<SealedRow>`
    select ${selected}, ${sql.ref(of.column)} as sealed from ${tableOf(of.table)}
    where ${isElsewhere(of.column, keyId)} and ${beyond}
    order by ${names} limit ${limit} for update skip locked`.execute(tx);
  return rows;
}

/** Writes values back into the rows that were claimed in this very transaction. */
export async function writeSealed(
  tx: SystemTx,
  of: SealedColumn,
  rows: readonly { key: readonly string[]; sealed: string }[],
): Promise<void> {
  const key = Object.entries(of.key);
  const arrays = key.map(([, type], i) => sql`${rows.map((row) => row.key[i])}::${sql.raw(type)}[]`);
  const names = key.map(([name]) => sql.ref(name));
  const same = key.map(([name]) => sql`t.${sql.ref(name)} = v.${sql.ref(name)}`);
  await sql`
    update ${tableOf(of.table)} as t set ${sql.ref(of.column)} = v.sealed
    from unnest(${sql.join([...arrays, sql`${rows.map((row) => row.sealed)}::text[]`])}) as v(${sql.join([...names, sql.ref('sealed')])})
    where ${sql.join(same, sql` and `)}`.execute(tx);
}

/** Every column of the database that holds sealed values, whoever made it. */
export async function listSealedColumns(tx: SystemTx): Promise<{ table: string; column: string }[]> {
  const { rows } = await sql<{ table: string; column: string }>`
    select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attname like '%\\_sealed' and a.attnum > 0 and not a.attisdropped
    order by 1, 2`.execute(tx);
  return rows;
}

export async function countElsewhere(
  tx: SystemTx,
  of: { table: string; column: string },
  keyId: string,
): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) as count from ${tableOf(of.table)} where ${isElsewhere(of.column, keyId)}`.execute(tx);
  return Number(rows[0]?.count ?? 0);
}

/**
 * The transactions that are open now, other than this one, of whoever logs in as the service does, in this database. Others seal
 * nothing: a backup, or another application of the cluster, may take its time.
 *
 * By virtual id, which a transaction has before it writes anything: what it will write may have been sealed already.
 */
export async function listOpenTransactions(tx: SystemTx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select l.virtualxid as id from pg_locks l
    join pg_stat_activity a on a.pid = l.pid
    join pg_stat_activity own on own.pid = pg_backend_pid() and own.usesysid = a.usesysid and own.datid = a.datid
    where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock' and l.granted and l.pid <> pg_backend_pid()`.execute(
    tx,
  );
  return rows.map(({ id }) => id);
}
