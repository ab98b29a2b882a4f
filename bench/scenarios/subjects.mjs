// How each measured program is started and how its sign-in, its check and its renewal are asked for.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../harness/processes.mjs';
import { SERVER_FLAGS } from '../../scripts/server-flags.mjs';
import { runSql } from '../harness/postgres.mjs';
import { aim, startServer } from '../harness/subject.mjs';

export const PERSON = { email: 'bench@example.com', password: 'Correct-Horse-42', name: 'Bench' };
export const PUBLIC_URL = 'https://id.example.com';
const RAISED = '10000000';

/** A bare program of reference/ with 32 sessions planted in its table. */
export async function startReference(program, context, { name = 'bare', env = {} } = {}) {
  const address = context.nextAddress();
  const url = await context.postgres.createDatabase(`bare_${address.port}`);
  const cookies = await plantSessions(url, context.connections);
  const server = await startServer(
    {
      name: program,
      args: [`reference/${program}.mjs`],
      env: { DATABASE_URL: url, ...env },
      address,
      readyPath: '/',
    },
    context.machine,
  );
  const drive = {
    address,
    me: { request: { method: 'GET', path: '/me' }, expect: 200 },
    renewal: { request: { method: 'POST', path: '/refresh' }, expect: 200, cookies: 1 },
    json: { request: { method: 'GET', path: '/' }, expect: 200, anonymous: true },
    evaluation: {
      request: { method: 'POST', path: '/', body: questionAbout('somebody') },
      expect: 200,
      anonymous: true,
    },
  };
  const subject = await aim(name, server, drive, context.machine);
  await subject.run('sign in', { browsers: context.connections, cookies });
  return subject;
}

const ROOT = join(import.meta.dirname, '../..');

/** The service as it ships, in production mode as behind a proxy that ends TLS, its rate limit raised. */
export async function startGatehouse({ address, dir, env, checkout = ROOT, nodeOptions = [] }, machine) {
  const main = join(checkout, 'apps/server/dist/main.js');
  if (!existsSync(main))
    throw new Error(`${main} is missing: run "npm run build" in the root of that checkout`);
  const all = {
    GATEHOUSE_MODE: 'production',
    GATEHOUSE_PUBLIC_URL: PUBLIC_URL,
    // Production wants a mail server; nothing here sends mail.
    SMTP_URL: 'smtp://127.0.0.1:9',
    HOST: address.host,
    GATEHOUSE_DATA_DIR: dir,
    GATEHOUSE_ADMIN_EMAIL: PERSON.email,
    GATEHOUSE_ADMIN_PASSWORD: PERSON.password,
    RATE_LIMIT_AUTH_PER_MINUTE: RAISED,
    ...env,
  };
  const server = await startServer(
    {
      name: 'gatehouse',
      args: [...SERVER_FLAGS, ...nodeOptions, main, 'serve'],
      cwd: join(dir, '..'),
      env: all,
      address,
      readyPath: '/health/ready',
    },
    machine,
  );
  return Object.assign(server, { env: all });
}

/** A command of `gatehouse`, to its end. */
export async function runGatehouse(args, { env, dir, checkout = ROOT }, { serverCore } = {}) {
  const started = performance.now();
  const command = startProcess(process.execPath, [join(checkout, 'apps/server/dist/main.js'), ...args], {
    core: serverCore,
    cwd: dir,
    env: { NODE_ENV: 'production', ...env },
  });
  command.keepOutput();
  const { code } = await command.exited;
  if (code !== 0) throw new Error(`gatehouse ${args.join(' ')} ended with ${code}: ${command.tail()}`);
  return { seconds: (performance.now() - started) / 1000, output: command.tail() };
}

/** @param seeded settings of a deployment that was seeded (seed/folder.mjs), instead of an empty database. */
export async function startOurs(
  context,
  { signIn = true, name = 'gatehouse', seeded, settings = {}, asks = false } = {},
) {
  const address = context.nextAddress();
  const env = {
    ...(seeded ?? {
      GATEHOUSE_MASTER_KEY: randomBytes(32).toString('base64'),
      DATABASE_URL: await context.postgres.createDatabase(`gatehouse_${address.port}`),
      // Roles belong to the whole cluster: a second deployment in it would give the login role another password.
      DATABASE_ROLE_PREFIX: `bench_${address.port}_`,
    }),
    ...settings,
    ...Object.fromEntries((context.env ?? []).map((setting) => setting.split(/=(.*)/s).slice(0, 2))),
  };
  const dir = join(context.dir, `gatehouse-${address.port}`);
  const { checkout, nodeOptions } = context;
  const server = await startGatehouse({ address, dir, env, checkout, nodeOptions }, context.machine);
  const headers = { Origin: PUBLIC_URL };
  const post = (path, body) => ({ request: { method: 'POST', path, body, headers }, expect: 200 });
  const login = post('/api/v1/auth/login', { email: PERSON.email, password: PERSON.password });
  const drive = {
    address,
    login: { ...login, anonymous: true },
    'login by crowd': { ...login, request: { ...login.request, asWho: true } },
    me: { request: { method: 'GET', path: '/api/v1/auth/me' }, expect: 200 },
    renewal: { ...post('/api/v1/auth/refresh', {}), cookies: 2 },
  };
  if (asks) Object.assign(drive, await askingAs(address));
  const subject = await aim(name, server, drive, context.machine);
  if (signIn) await subject.run('sign in', { browsers: context.connections });
  return Object.assign(subject, { database: env.DATABASE_URL, address, env: server.env });
}

const BATCH = 50;
const questionAbout = (id) => ({
  subject: { type: 'user', id },
  action: { name: 'read' },
  resource: { type: 'users', id: '7' },
});

/** Questions by AuthZEN about the administrator, asked with the administrator's token: one, and fifty in one request. */
async function askingAs({ host, port }) {
  const at = `http://${host}:${port}`;
  const headers = { Origin: PUBLIC_URL, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ email: PERSON.email, password: PERSON.password });
  const signedIn = await fetch(`${at}/api/v1/auth/login`, { method: 'POST', headers, body });
  const cookie = signedIn.headers.getSetCookie().find((text) => /^[^=]*\.at=/.test(text));
  if (cookie === undefined) throw new Error(`sign-in answered ${signedIn.status}: ${await signedIn.text()}`);
  const Authorization = `Bearer ${cookie.split(';')[0].replace(/^[^=]*=/, '')}`;
  const { user } = await (await fetch(`${at}/api/v1/auth/me`, { headers: { Authorization } })).json();
  const post = (path, question) => ({
    request: { method: 'POST', path, body: question, headers: { Authorization } },
    expect: 200,
    anonymous: true,
  });
  const { resource, ...rest } = questionAbout(user.id);
  const evaluations = Array.from({ length: BATCH }, (_, n) => ({ resource: { ...resource, id: String(n) } }));
  return {
    evaluation: post('/access/v1/evaluation', { ...rest, resource }),
    evaluations: post('/access/v1/evaluations', { ...rest, evaluations }),
  };
}

/** better-auth; with `renews` each session check is a renewal. */
export async function startPeer(context, { renews = false, signIn = true } = {}) {
  const address = context.nextAddress();
  const env = {
    DATABASE_URL: await context.postgres.createDatabase(`peer_${address.port}`),
    PEER_SECRET: randomBytes(32).toString('hex'),
    NODE_ENV: 'production',
    PORT: String(address.port),
    ...(renews ? { PEER_RENEWS: '1' } : {}),
  };
  const migration = startProcess(
    process.execPath,
    [join(import.meta.dirname, '../peer/better-auth.mjs'), 'migrate'],
    { env },
  );
  if ((await migration.exited).code !== 0)
    throw new Error(`better-auth did not migrate: ${migration.tail()}`);
  const server = await startServer(
    { name: 'better-auth', args: ['peer/better-auth.mjs'], env, address, readyPath: '/api/auth/ok' },
    context.machine,
  );
  // It learns the client's address, by which it limits, from a proxy's header only.
  const headers = { Origin: `http://127.0.0.1:${address.port}`, 'X-Forwarded-For': '127.0.0.1' };
  const session = { request: { method: 'GET', path: '/api/auth/get-session', headers }, expect: 200 };
  const post = (path, body) => ({
    request: { method: 'POST', path, body, headers },
    expect: 200,
    anonymous: true,
  });
  const drive = {
    address,
    'sign up': post('/api/auth/sign-up/email', PERSON),
    login: post('/api/auth/sign-in/email', { email: PERSON.email, password: PERSON.password }),
    me: session,
    renewal: { ...session, cookies: 1 },
  };
  const subject = await aim('better-auth', server, drive, context.machine);
  const signedUp = await subject.run('once', { action: 'sign up' });
  if (signedUp.status !== 200)
    throw new Error(
      `better-auth refused the sign-up: ${signedUp.status} ${signedUp.body}\n${subject.tail()}`,
    );
  if (signIn) await subject.run('sign in', { browsers: context.connections });
  return subject;
}

async function plantSessions(url, count) {
  await runSql(
    url,
    `create table users (id uuid primary key, email text not null unique, name text not null);
     create table sessions (
       id uuid primary key, user_id uuid not null references users, token_hash bytea not null unique,
       generation integer not null default 0, rotated_at timestamptz not null default now(),
       expires_at timestamptz not null default now() + interval '30 days')`,
  );
  const userId = randomUUID();
  await runSql(url, 'insert into users values ($1, $2, $3)', [userId, PERSON.email, PERSON.name]);
  const tokens = Array.from({ length: count }, () => randomBytes(32).toString('base64url'));
  const hashes = tokens.map((token) => createHash('sha256').update(token).digest());
  const ids = tokens.map(() => randomUUID());
  await runSql(
    url,
    'insert into sessions (id, user_id, token_hash) select id, $1, hash from unnest($2::uuid[], $3::bytea[]) as planted (id, hash)',
    [userId, ids, hashes],
  );
  return tokens.map((value) => ({ name: 'rt', value }));
}
