import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, type FakeClock } from '@gatehouse/testing';
import pino, { type Logger } from 'pino';
import { inject } from 'vitest';
import { hashWorkerUrl } from '../src/cli/folders.ts';
import { type Config, parseConfig } from '../src/config/index.ts';
import type { Dns } from '../src/features/connections/index.ts';
import { HttpError, type Outbound } from '../src/platform/http-client/index.ts';
import type { Mail, MailTransport } from '../src/platform/mail/index.ts';
import { createServer, type Server } from '../src/server.ts';
import { createBrowser, type TestBrowser } from './browser.fixture.ts';
import { inDatabase, withClient } from './database.setup.ts';
import { writePages } from './pages.fixture.ts';

export const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };

export interface TestServer {
  server: Server;
  config: Config;
  clock: FakeClock;
  /** Mail that left through the last hop, oldest first; `deliverMail` lets the outbox work. */
  mails: Mail[];
  deliverMail(): Promise<Mail[]>;
  /** A new browser: cookies of its own, nobody signed in. */
  browser(options?: { userAgent?: string; origin?: string | undefined; ip?: string }): TestBrowser;
  /** A browser in which the first administrator (root tenant, PLATFORM_ADMIN and admin) is signed in. */
  admin(): Promise<TestBrowser>;
  /** The database as its superuser: to look at what is really there, and to break things. */
  sql<R extends object>(text: string, values?: unknown[]): Promise<R[]>;
  databaseUrl: string;
  /** Past row security, for what only a test may do. */
  superuserUrl: string;
  close(): Promise<void>;
}

/** The network is off: what speaks to a provider names one of the test's own. */
const NO_NETWORK: Outbound = { fetch: () => Promise.reject(new HttpError('unreachable')) };

let made = 0;

/**
 * A whole server on a database of its own, with the clock and the last hop of mail replaced and nothing else.
 *
 * @example
 * const gatehouse = await startServer();
 * const admin = await gatehouse.admin();
 * const answer = await admin.post('/api/v1/users', { email: 'ada@example.com', name: 'Ada' });
 */
export async function startServer(
  options: {
    env?: Record<string, string>;
    clock?: FakeClock;
    database?: string;
    mailTransport?: MailTransport;
    outbound?: Outbound;
    dns?: Dns;
    log?: Logger;
  } = {},
): Promise<TestServer> {
  const { adminUrl, template, loginPassword } = inject('database');
  const name = options.database ?? `test_${process.pid}_${(made += 1)}_${Math.floor(performance.now())}`;
  if (options.database === undefined)
    await withClient(adminUrl, (client) => client.query(`create database ${name} template ${template}`));
  const superuserUrl = inDatabase(adminUrl, name);
  const databaseUrl = superuserUrl.replace(
    /^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/,
    `$1gatehouse_login:${loginPassword}@`,
  );
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-server-'));
  const config = parseConfig(
    {
      GATEHOUSE_DATA_DIR: dataDir,
      GATEHOUSE_MASTER_KEY: createHash('sha256').update('of the test servers only').digest('base64'),
      GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
      GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
      BCRYPT_COST: '10',
      LOG_LEVEL: 'silent',
      RATE_LIMIT_AUTH_PER_MINUTE: '100000',
      RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '100000',
      RATE_LIMIT_MAIL_TENANT_PER_HOUR: '100000',
      TRUSTED_PROXIES: '127.0.0.1',
      ...options.env,
    },
    dataDir,
  );
  const clock = options.clock ?? createFakeClock();
  const mails: Mail[] = [];
  const server = await createServer({
    config,
    log: options.log ?? pino({ level: config.logLevel }),
    databaseUrl,
    consoleDir: await writePages(dataDir),
    hashWorkerUrl,
    clock,
    mailTransport: options.mailTransport ?? {
      send: async (mail) => void mails.push(mail),
      close: () => undefined,
    },
    outbound: options.outbound ?? NO_NETWORK,
    dns: options.dns ?? { resolveTxt: () => Promise.resolve([]) },
  });
  const browser: TestServer['browser'] = (of) =>
    createBrowser(server.app, { origin: config.publicUrl, ...of });
  return {
    server,
    config,
    clock,
    mails,
    databaseUrl,
    superuserUrl,
    browser,
    async deliverMail() {
      while ((await server.deps.outbox.dispatch()) > 0);
      return mails;
    },
    async admin() {
      const signedIn = browser();
      const answer = await signedIn.post('/api/v1/auth/login', ADMIN);
      if (answer.status !== 200) throw new Error(`the administrator cannot sign in: ${answer.text}`);
      return signedIn;
    },
    sql: <R extends object>(text: string, values: unknown[] = []) =>
      withClient(superuserUrl, async (client) => (await client.query<R>(text, values)).rows),
    async close() {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
      if (options.database === undefined)
        await withClient(adminUrl, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** The token of the newest mail's link. */
export function tokenIn(mail: Pick<Mail, 'text'> | undefined): string {
  const token = /#token=([A-Za-z0-9_.-]+)/.exec(mail?.text ?? '')?.[1];
  if (token === undefined) throw new Error('this mail has no link');
  return token;
}
