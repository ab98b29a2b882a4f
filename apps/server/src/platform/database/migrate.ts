import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { SYSTEM_ROLES } from '@gatehouse/contracts';
import { sha256 } from '../crypto/digest.ts';
import {
  isOfLaterRelease,
  loadApplied,
  loadLevel,
  loadLevelAsLogin,
  makeLevelTables,
  MigrationError,
  writeLevel,
} from './schema-level.ts';

export interface MigrateOptions {
  /** A URL whose role may create roles and tables. */
  adminUrl: string;
  rolePrefix: string;
  /** The folder `db/`. */
  dbDir: string;
  log(message: string): void;
}

const ROLES = [
  'owner',
  'login',
  'app',
  'system',
  'lookup',
  'session',
  'granter',
  'sealer',
  'backup',
  'retention',
] as const;
const OLDEST_SERVER = 150009;
const OF_LATER_RELEASE =
  'A later release has migrated this database: it is served as it is, and nothing is changed.';

/** `gatehouse backup` reads all rows of all tables and writes none; whoever migrates may become the role, and nobody who serves. */
const READS_EVERYTHING = `do $$ declare t regclass; begin
  grant usage on schema gatehouse to gatehouse_backup;
  for t in select c.oid from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition loop
    execute format('revoke all on %s from gatehouse_backup', t);
    execute format('grant select on %s to gatehouse_backup', t);
    execute format('drop policy if exists copied on %s', t);
    execute format('create policy copied on %s for select to gatehouse_backup using (true)', t);
  end loop;
end $$`;

/**
 * Brings the database to this release: roles, forward-only migrations, row-security files, built-in roles. A database that a
 * later release has migrated is left as it is: the release before it may serve it.
 *
 * Safe to run from several processes at once: one works, the others wait. A run with nothing to do is two short queries.
 *
 * @throws {MigrationError} when the server is too old, an applied migration was edited afterwards, or the database is of a
 *   release that this one cannot serve.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const client = new pg.Client({
    connectionString: options.adminUrl,
    application_name: 'gatehouse migrate',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkServer(client);
    const files = readAll(options);
    const state = sha256(JSON.stringify([files, SYSTEM_ROLES, READS_EVERYTHING])).toString('hex');
    if (await isCurrent(client, state)) return { applied: [] };
    // One at a time in this database; the lock goes with the connection.
    await client.query(`select pg_advisory_lock(hashtextextended('gatehouse migrate', 0))`);
    await makeLevelTables(client);
    if (await isOfLater(client, files.migrations)) {
      options.log(OF_LATER_RELEASE);
      return { applied: [] };
    }
    await createRoles(client, options);
    await showLevel(client, options.rolePrefix);
    const applied = await applyMigrations(client, files.migrations, options);
    await applyPolicies(client, files.policies, options.rolePrefix);
    await writeSystemRoles(client, options.rolePrefix);
    await writeLevel(client, state);
    return { applied };
  } finally {
    await client.end();
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const version = await client.query<{ server_version_num: string }>('show server_version_num');
  const number = Number(version.rows[0]?.server_version_num);
  // SECURITY: before 15.9, 16.5 and 17.1 a cached plan may keep another role's row security (CVE-2024-10976; threat 15).
  const minor = number % 10_000;
  const major = Math.floor(number / 10_000);
  const least = { 15: 9, 16: 5, 17: 1 }[major] ?? 0;
  if (number < OLDEST_SERVER || minor < least) {
    throw new MigrationError(
      `This PostgreSQL is version ${major}.${minor}; Gatehouse needs 15.9, 16.5, 17.1, 18 or later: older ones can mix up row security in cached plans (CVE-2024-10976).`,
    );
  }
}

interface Files {
  migrations: { name: string; sql: string }[];
  policies: { name: string; sql: string }[];
}

const namesIn = (dbDir: string, folder: string) =>
  readdirSync(join(dbDir, folder))
    .filter((name) => name.endsWith('.sql'))
    .sort();

function readAll({ dbDir, rolePrefix }: Pick<MigrateOptions, 'dbDir' | 'rolePrefix'>): Files {
  const read = (folder: string) =>
    namesIn(dbDir, folder).map((name) => ({
      name,
      sql: withPrefix(readFileSync(join(dbDir, folder, name), 'utf8'), rolePrefix),
    }));
  return { migrations: read('migrations'), policies: read('policies') };
}

const withPrefix = (sql: string, prefix: string) =>
  sql.replaceAll(
    /\bgatehouse_(owner|login|app|system|lookup|session|granter|sealer|backup|retention)\b/g,
    `${prefix}$1`,
  );

/** The owner of functions reads what ran here, for the one of them that says so. */
const showLevel = (client: pg.Client, rolePrefix: string) =>
  client.query(
    `grant usage on schema gatehouse_migrations to ${rolePrefix}owner; grant select on gatehouse_migrations.applied, gatehouse_migrations.level to ${rolePrefix}owner`,
  );

/**
 * For a server that has the login role only, and cannot migrate: whether it may serve the database as it is.
 *
 * @throws {MigrationError} where `gatehouse migrate` has to run first, or a later release has made it unfit for this one
 */
export async function checkMigrated(options: {
  loginUrl: string;
  dbDir: string;
  log(message: string): void;
}): Promise<void> {
  const client = new pg.Client({ connectionString: options.loginUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkServer(client);
    const known = namesIn(options.dbDir, 'migrations');
    const { applied, mustKnow } = await loadLevelAsLogin(client);
    const missing = known.filter((name) => !applied.includes(name));
    if (isOfLaterRelease(known, applied, mustKnow === null ? undefined : { mustKnow }))
      options.log(OF_LATER_RELEASE);
    else if (missing.length > 0)
      throw new MigrationError(
        `This database lacks ${missing[0]}, and the role in DATABASE_URL cannot make it: run gatehouse migrate of this release, with DATABASE_ADMIN_URL, first.`,
      );
  } finally {
    await client.end();
  }
}

async function isCurrent(client: pg.Client, state: string): Promise<boolean> {
  const level = await loadLevel(client);
  return level?.state === state && !level.overwritten;
}

async function isOfLater(client: pg.Client, migrations: Files['migrations']): Promise<boolean> {
  const known = migrations.map(({ name }) => name);
  return isOfLaterRelease(known, [...(await loadApplied(client)).keys()], await loadLevel(client));
}

async function createRoles(
  client: pg.Client,
  { rolePrefix }: Pick<MigrateOptions, 'rolePrefix'>,
): Promise<void> {
  for (const role of ROLES) {
    const name = `${rolePrefix}${role}`;
    const attributes = role === 'login' ? 'login noinherit' : 'nologin';
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${name}') then create role ${name} ${attributes}; end if;
    exception when duplicate_object or unique_violation then null; end $$`);
  }
  const all = (names: readonly string[]) => names.map((name) => rolePrefix + name).join(', ');
  const member = await client.query<{ super: boolean }>(
    'select rolsuper as super from pg_roles where rolname = current_user',
  );
  if (member.rows[0]?.super !== true) await client.query(`grant ${all(['owner', 'backup'])} to current_user`);
  await client.query(`grant ${all(['app', 'system'])} to ${rolePrefix}login`);
  await client.query(
    `grant ${all(['lookup', 'session', 'granter', 'sealer', 'retention'])} to ${rolePrefix}owner`,
  );
  await client.query(`do $$ begin execute format('grant create, connect on database %I to ${rolePrefix}owner', current_database());
    execute format('grant connect on database %I to ${rolePrefix}login', current_database()); end $$`);
}

async function applyMigrations(
  client: pg.Client,
  migrations: Files['migrations'],
  options: Pick<MigrateOptions, 'rolePrefix' | 'log'>,
): Promise<string[]> {
  const known = await loadApplied(client);
  const applied: string[] = [];
  for (const { name, sql } of migrations) {
    const hash = sha256(sql).toString('hex');
    if (known.has(name)) {
      if (known.get(name) !== hash)
        throw new MigrationError(
          `Migration ${name} was changed after it had been applied here. Migrations only go forward: put the change into a new file.`,
        );
      continue;
    }
    options.log(`Migrating the database: ${name}`);
    await inTransaction(client, options.rolePrefix, async () => {
      await client.query(sql);
      await client.query('reset role');
      await client.query('insert into gatehouse_migrations.applied (name, hash) values ($1, $2)', [
        name,
        hash,
      ]);
    });
    applied.push(name);
  }
  return applied;
}

/** All at once: readers see the old policies or the new ones, never none. */
async function applyPolicies(
  client: pg.Client,
  policies: Files['policies'],
  rolePrefix: string,
): Promise<void> {
  await inTransaction(client, rolePrefix, async () => {
    for (const { sql } of policies) await client.query(sql);
    await client.query(withPrefix(READS_EVERYTHING, rolePrefix));
  });
}

/**
 * The schema as it was when a copy was made, in an empty database, and no more: what came later runs on the data, when the
 * server starts. The lock is kept by the client until it ends.
 */
export async function migrateForRestore(
  client: pg.Client,
  options: Omit<MigrateOptions, 'adminUrl'>,
  wanted: (migrations: readonly { name: string; hash: string }[]) => readonly string[],
): Promise<void> {
  await checkServer(client);
  await client.query(`select pg_advisory_lock(hashtextextended('gatehouse migrate', 0))`);
  const { migrations } = readAll(options);
  const names = wanted(migrations.map(({ name, sql }) => ({ name, hash: sha256(sql).toString('hex') })));
  await makeLevelTables(client);
  const other = [...(await loadApplied(client)).keys()].find((name) => !names.includes(name));
  if (other !== undefined)
    throw new MigrationError(
      `The database has the schema of another release already (${other}): restore into a new one.`,
    );
  await createRoles(client, options);
  await showLevel(client, options.rolePrefix);
  await applyMigrations(
    client,
    migrations.filter(({ name }) => names.includes(name)),
    options,
  );
}

/** The built-in roles of the contracts package, which is their only source. */
async function writeSystemRoles(client: pg.Client, rolePrefix: string): Promise<void> {
  const roles = SYSTEM_ROLES.map((role) => ({
    ...role,
    permissions: [...role.permissions],
    rootOnly: role.rootOnly ?? false,
  }));
  await inTransaction(client, rolePrefix, async () => {
    const values = [JSON.stringify(roles)];
    // Principals carry the names (ADR 0021), and tokens and services know them: a role keeps its name.
    const renamed = await client.query<{ was: string; name: string }>(
      `select r.name as was, n.name from gatehouse.roles r join jsonb_to_recordset($1::jsonb) as n(id uuid, name text) on n.id = r.id
         where r.name <> n.name`,
      values,
    );
    for (const { was, name } of renamed.rows)
      throw new MigrationError(
        `The built-in role ${was} cannot be renamed to ${name}: give the new role a number of its own.`,
      );
    await client.query(
      `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group, root_only)
         select r.id, null, r.name, r.title, r.description, r."group", r."rootOnly"
         from jsonb_to_recordset($1::jsonb) as r(id uuid, name text, title text, description text, "group" text, "rootOnly" boolean)
         on conflict (id) do update set title = excluded.title, description = excluded.description,
           role_group = excluded.role_group, root_only = excluded.root_only`,
      values,
    );
    await client.query(
      `with wanted as (
         select r.id, p.permission from jsonb_to_recordset($1::jsonb) as r(id uuid, permissions text[]), unnest(r.permissions) as p(permission)
       ), gone as (
         delete from gatehouse.role_permissions g where g.tenant_id is null and not exists (select from wanted w where w.id = g.role_id and w.permission = g.permission)
       )
       insert into gatehouse.role_permissions (role_id, tenant_id, permission) select id, null, permission from wanted on conflict do nothing`,
      values,
    );
  });
}

async function inTransaction(
  client: pg.Client,
  rolePrefix: string,
  work: () => Promise<void>,
): Promise<void> {
  await client.query(`begin; set local role ${rolePrefix}owner`);
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
