import type pg from 'pg';
import { Told } from '../told.ts';

/** The database cannot be brought to this release, or not be served by it; the message says what to do. */
export class MigrationError extends Told {}

/**
 * A release that does not know this migration can no longer serve a database that this release has migrated. Named anew by
 * whoever adds a migration that the release before does not survive; it must then be the newest of the release before
 * (docs/adr/0054-a-release-serves-the-next-schema.md).
 */
const MUST_KNOW = '0040_revocations.sql';

/** What the database says of itself: which files it was last brought to, and what a release must know to serve it. */
export interface Level {
  state: string;
  mustKnow: string;
  /** Release 0.1.0, which looks at a table of its own, has put its row security and roles back since. */
  overwritten: boolean;
}

const MAKE = [
  'create schema if not exists gatehouse_migrations',
  `create table if not exists gatehouse_migrations.applied (name text primary key, hash text not null, applied_at timestamptz not null default now())`,
  // Release 0.1.0's own: what it last brought the database to. Later releases leave it as it is, so that a 0.1.0 that starts
  // again finds its own mark there and changes nothing.
  `create table if not exists gatehouse_migrations.state (only_row boolean primary key check (only_row), state text not null)`,
  `create table if not exists gatehouse_migrations.level (only_row boolean primary key check (only_row), state text not null,
     must_know text not null, seen_state text)`,
];

export async function makeLevelTables(client: pg.Client): Promise<void> {
  for (const statement of MAKE) await client.query(statement);
}

export async function loadLevel(client: pg.Client): Promise<Level | undefined> {
  const known = await client.query<{ known: boolean }>(
    `select to_regclass('gatehouse_migrations.level') is not null as known`,
  );
  if (known.rows[0]?.known !== true) return undefined;
  const { rows } = await client.query<Level>(
    `select l.state, l.must_know as "mustKnow",
       l.seen_state is distinct from (select s.state from gatehouse_migrations.state s) as overwritten
     from gatehouse_migrations.level l`,
  );
  return rows[0];
}

/** What a release must know is never lowered: a migration that ran does not become compatible again. */
export async function writeLevel(client: pg.Client, state: string): Promise<void> {
  await client.query(
    `insert into gatehouse_migrations.level (only_row, state, must_know, seen_state)
       values (true, $1, $2, (select s.state from gatehouse_migrations.state s))
     on conflict (only_row) do update set state = excluded.state, seen_state = excluded.seen_state,
       must_know = greatest(level.must_know, excluded.must_know)`,
    [state, MUST_KNOW],
  );
}

/** The same for the login role, by the one function that it may call for it. */
export async function loadLevelAsLogin(
  client: pg.Client,
): Promise<{ applied: string[]; mustKnow: string | null }> {
  const known = await client.query<{ known: boolean }>(
    `select exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'gatehouse' and p.proname = 'schema_level') as known`,
  );
  // Nothing is there, or a release from before this function.
  if (known.rows[0]?.known !== true) return { applied: [], mustKnow: null };
  const { rows } = await client.query<{ applied: string[]; mustKnow: string | null }>(
    'select applied, must_know as "mustKnow" from gatehouse.schema_level()',
  );
  return rows[0] ?? { applied: [], mustKnow: null };
}

/** The migrations that ran here, with the hash of each file as it was then. */
export async function loadApplied(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; hash: string }>(
    'select name, hash from gatehouse_migrations.applied order by name',
  );
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}

/**
 * Judges a database by the migrations that ran there and that this release knows.
 *
 * @returns whether a later release has migrated it; this one may serve it, and must change nothing
 * @throws {MigrationError} when this release cannot serve it
 */
export function isOfLaterRelease(
  known: readonly string[],
  applied: readonly string[],
  level: Pick<Level, 'mustKnow'> | undefined,
): boolean {
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length === 0) return false;
  const newest = known.at(-1) ?? 'none';
  if (level && !known.includes(level.mustKnow))
    throw new MigrationError(
      `A later release has migrated this database (up to ${unknown.at(-1)}), and its servers must know ${level.mustKnow}; this release knows migrations up to ${newest} and cannot serve it. Start the later release, or restore the copy that was made before the update.`,
    );
  const missing = known.filter((name) => !applied.includes(name));
  if (missing.length > 0)
    throw new MigrationError(
      `This database has a migration that this release does not know (${unknown[0]}) and lacks one that it has (${missing[0]}): it belongs to another line of releases. Start the release that migrated it, or one that has both.`,
    );
  return true;
}
