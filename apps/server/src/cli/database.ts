import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { SealError, type Sealer } from '../platform/crypto/seal.ts';
import {
  checkMigrated,
  ensureDatabase,
  ensureLoginPassword,
  isBoundByRowSecurity,
  isRole,
  migrate,
  whyUnreachable,
} from '../platform/database/index.ts';
import { loadRunningPostgres, startEmbeddedPostgres } from '../platform/postgres/index.ts';
import { CliError } from './cli-error.ts';
import { dbDir } from './folders.ts';

/** A migrated database, and how to let go of it. */
export interface Database {
  /** For the login role: all that the server ever serves with. */
  url: string;
  applied: string[];
  stop(): Promise<void>;
  /** Resolves when an embedded server is gone for good. */
  lost: Promise<Error>;
}

const never = new Promise<Error>(() => undefined);
const EMBEDDED_DATABASE = 'gatehouse';

/** Starts or reaches the database that the configuration names, and brings it to this release. */
export async function openDatabase(
  config: Config,
  sealer: Sealer,
  log: Logger,
  signal?: AbortSignal,
): Promise<Database> {
  const say = (message: string) => log.info(message);
  if (config.databaseUrl === undefined) {
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log, ...(signal && { signal }) });
    try {
      const adminUrl = await inDatabase(server.url);
      const { applied } = await migrate({
        adminUrl,
        rolePrefix: config.databaseRolePrefix,
        dbDir,
        log: say,
      });
      return {
        url: withUser(adminUrl, `${config.databaseRolePrefix}login`, undefined),
        applied,
        stop: () => server.stop(),
        lost: server.lost,
      };
    } catch (error) {
      await server.stop();
      throw error;
    }
  }
  const adminUrl = config.databaseAdminUrl ?? config.databaseUrl;
  await reach(config.databaseAdminUrl === undefined ? 'DATABASE_URL' : 'DATABASE_ADMIN_URL', adminUrl);
  // The administrator's URL may be kept from the server, and given to `gatehouse migrate` alone.
  if (
    config.databaseAdminUrl === undefined &&
    (await isRole(adminUrl, `${config.databaseRolePrefix}login`))
  ) {
    await checkMigrated({ loginUrl: adminUrl, dbDir, log: say });
    await checkServingRole(adminUrl);
    return { url: adminUrl, applied: [], stop: () => Promise.resolve(), lost: never };
  }
  const { applied } = await migrate({
    adminUrl,
    rolePrefix: config.databaseRolePrefix,
    dbDir,
    log: say,
  });
  // With one URL that may create roles, the server still serves as the login role.
  const url =
    config.databaseAdminUrl === undefined ? await ownLoginUrl(config, sealer, adminUrl) : config.databaseUrl;
  await checkServingRole(url);
  return { url, applied, stop: () => Promise.resolve(), lost: never };
}

/**
 * The same for an operator's command, which may run beside a service: the embedded PostgreSQL of a living Gatehouse is used as
 * it is and left running. (A database of one's own is open to both anyway.)
 */
export async function openDatabaseBeside(config: Config, sealer: Sealer, log: Logger): Promise<Database> {
  const running =
    config.databaseUrl === undefined ? await loadRunningPostgres(config.dataDir, log) : undefined;
  if (running === undefined) return openDatabase(config, sealer, log);
  const url = withUser(inEmbeddedDatabase(running), `${config.databaseRolePrefix}login`, undefined);
  return { url, applied: [], stop: () => Promise.resolve(), lost: never };
}

/** A database as its administrator, and nothing changed in it. */
export interface AdminDatabase {
  adminUrl: string;
  stop(): Promise<void>;
}

/** For a copy: beside a running service, or alone. */
export async function openAdminBeside(config: Config, log: Logger): Promise<AdminDatabase> {
  const running =
    config.databaseUrl === undefined ? await loadRunningPostgres(config.dataDir, log) : undefined;
  if (running === undefined) return openAdminOfStopped(config, log);
  return { adminUrl: inEmbeddedDatabase(running), stop: () => Promise.resolve() };
}

/** For what nobody may be served meanwhile: the embedded database is started, which it cannot be beside a service. */
export async function openAdminOfStopped(config: Config, log: Logger): Promise<AdminDatabase> {
  if (config.databaseUrl === undefined) {
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
    return { adminUrl: await inDatabase(server.url), stop: () => server.stop() };
  }
  const adminUrl = config.databaseAdminUrl ?? config.databaseUrl;
  await reach(config.databaseAdminUrl === undefined ? 'DATABASE_URL' : 'DATABASE_ADMIN_URL', adminUrl);
  return { adminUrl, stop: () => Promise.resolve() };
}

async function ownLoginUrl(config: Config, sealer: Sealer, adminUrl: string): Promise<string> {
  const rolePrefix = config.databaseRolePrefix;
  const urlWith = (password: string) => withUser(adminUrl, `${rolePrefix}login`, password);
  try {
    return urlWith(await ensureLoginPassword({ adminUrl, rolePrefix, sealer, urlWith }));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new CliError(
      'GATEHOUSE_MASTER_KEY is not the key that this database is sealed under, and that one is not in GATEHOUSE_MASTER_KEY_PREVIOUS ' +
        'either. Start with that key, or with both when the master key is being rotated.',
    );
  }
}

/** The embedded server's own database, made at the first start. */
async function inDatabase(serverUrl: string): Promise<string> {
  await ensureDatabase(serverUrl, EMBEDDED_DATABASE);
  return inEmbeddedDatabase(serverUrl);
}

const inEmbeddedDatabase = (serverUrl: string): string =>
  serverUrl.replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${EMBEDDED_DATABASE}`);

function withUser(url: string, user: string, password: string | undefined): string {
  const authority = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
  return url.replace(/^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/, `$1${authority}@`);
}

async function reach(name: string, url: string): Promise<void> {
  const reason = await whyUnreachable(url);
  if (reason === undefined) return;
  throw new CliError(
    `The database that ${name} names cannot be reached: ${reason}. Check host, port, user, password and database name.`,
  );
}

/** SECURITY: row security binds neither superusers nor BYPASSRLS roles; the server refuses to serve as one (threat 16). */
async function checkServingRole(url: string): Promise<void> {
  await reach('DATABASE_URL', url);
  if (await isBoundByRowSecurity(url)) return;
  throw new CliError(
    'DATABASE_URL names a role that row security does not bind (superuser or BYPASSRLS). With DATABASE_ADMIN_URL set, ' +
      'DATABASE_URL must be the login role; or leave DATABASE_ADMIN_URL out and Gatehouse makes that role itself.',
  );
}
