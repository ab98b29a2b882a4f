import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { callbackify } from 'node:util';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sent, send } from './load.fixture.ts';
import { freePort } from './npm-start.fixture.ts';
import { serve, type Served } from './serve.fixture.ts';

const SETTINGS = {
  GATEHOUSE_MASTER_KEY: 'pD8m0s3o1qVfB5l7c2Xk9yTz4wEr6uAhJnGbLxQvKt0=',
  GATEHOUSE_MASTER_KEY_PREVIOUS: 'c2Xk9yTz4wEr6uAhJnGbLxQvKt0pD8m0s3o1qVfB5l4=',
  GATEHOUSE_ADMIN_EMAIL: 'root-person@example.com',
  GATEHOUSE_ADMIN_PASSWORD: 'Admin-Pass-Zq7r',
  METRICS_TOKEN: 'b7d1c0e49f3a5826b7d1c0e4',
  TOKEN_ALGORITHM: 'hs256',
  SECRET_KEY: 'b0yJ7mKq2Vx9Rt4Lw8Zc3Nf6Hs1Dg5PaUeTi',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20q9W8e7R6t5',
};
const SMTP_PASSWORD = 'Mail-Pass-Xq7rT2mW';

let dataDir: string;
let smtp: SMTPServer;
let served: Served;
const mails: { to: string; text: string }[] = [];
/** How the mail server is disposed to take what comes. */
let mailIsTaken = true;
let mailboxIsKnown = true;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-log-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
  smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      mailIsTaken && password === SMTP_PASSWORD
        ? done(null, { user: username ?? '' })
        : // As some do: what was wrong is repeated.
          done(new Error(`no such login: ${username ?? ''} ${password ?? ''}`)),
    onRcptTo: ({ address }, _session, done) =>
      done(mailboxIsKnown ? undefined : new Error(`no mailbox of ${address} here`)),
    onData: callbackify(async (stream: SMTPServerDataStream, _session: SMTPServerSession) => {
      const { to, text } = await PostalMime.parse(await buffer(stream));
      mails.push({ to: to?.[0]?.address ?? '', text: text ?? '' });
    }),
  });
  smtp.listen(0, '127.0.0.1');
  await once(smtp.server, 'listening');
  const { port } = smtp.server.address() as AddressInfo;
  served = serve(await freePort(), dataDir, {
    ...SETTINGS,
    SMTP_URL: `smtp://mailer:${SMTP_PASSWORD}@127.0.0.1:${port}`,
    GATEHOUSE_WORKERS: '2',
    METRICS_PORT: String(await freePort()),
    // Nobody is there: what cannot be handed over is told.
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    BCRYPT_COST: '10',
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
  });
  await served.untilReady();
});
afterAll(async () => {
  served.child.kill('SIGTERM');
  await served.ended;
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  await rm(dataDir, { recursive: true, force: true });
});

/** All that was handed to somebody in secret, or that somebody typed in. */
const secrets = new Set<string>();
const keep = (...values: (string | undefined)[]) => {
  for (const value of values) if (value !== undefined && value.length >= 8) secrets.add(value);
};

/** A browser: cookies, CSRF token; every secret that it meets is noted. */
function browser() {
  let cookie = '';
  return async (
    method: string,
    path: string,
    body?: object,
    more: Record<string, string> = {},
  ): Promise<Sent> => {
    const answer = await send(`${served.url}${path}`, {
      method,
      ...(body && { body }),
      headers: {
        origin: served.url,
        'user-agent': 'Agent-Of-A-Person/1',
        ...(cookie !== '' && { cookie }),
        ...more,
      },
    });
    const set = (answer.setCookie ?? []).map((line) => line.split(';')[0] ?? '');
    if (set.length > 0) cookie = set.join('; ');
    for (const pair of set) {
      const value = pair.slice(pair.indexOf('=') + 1);
      keep(value, ...value.split('.'));
    }
    return answer;
  };
}

/** That of the mail of this number that has one: what else is mailed comes when it comes. */
const tokenOf = async (to: string, count: number): Promise<string> => {
  const tokens = () =>
    mails.flatMap((mail) => (mail.to === to ? (/#token=([\w.-]+)/.exec(mail.text)?.[1] ?? []) : []));
  await expect.poll(() => tokens().length).toBe(count);
  const token = tokens().at(-1) ?? '';
  keep(token, ...token.split('.'));
  return token;
};

/** The lines that are whole. */
const entries = () =>
  served
    .output()
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
/** Told of a mail that was refused itself: while the mail server is away, all of them wait, and none is to blame. */
const undelivered = () =>
  entries().filter(
    ({ msg, correlationId }) => msg === 'a message cannot be delivered now' && correlationId !== undefined,
  );

describe('the log of a whole server, at its most talkative', () => {
  it('holds no secret that was set, typed, mailed or handed out, and no address or name of anybody [threat 80]', async () => {
    const [email, first, second] = ['hedy.lamarr@example.org', 'Hedy-First-Pass-9', 'Hedy-Second-Pass-8'];
    keep(first, second, 'Wrong-Guess-Pass-7', SMTP_PASSWORD, 'q9W8e7R6t5');
    for (const [name, value] of Object.entries(SETTINGS))
      if (!/ALGORITHM|EMAIL|HEADERS/.test(name)) keep(value);
    const hedy = browser();
    const auth = '/api/v1/auth';
    const person = { email, password: first, name: 'Hedwig Kiesler', tenantName: 'Frequency Hopping' };
    expect((await hedy('POST', `${auth}/register`, person)).status).toBeLessThan(300);
    const confirm = await tokenOf(email, 1);
    await hedy('POST', `${auth}/register/confirm`, { token: confirm, password: first });
    await hedy('POST', `${auth}/register/confirm`, { token: confirm, password: first });
    expect((await hedy('POST', `${auth}/login`, { email, password: first })).status).toBe(200);
    await hedy('GET', `${auth}/me`);
    await hedy('POST', `${auth}/refresh`, {});
    await hedy('POST', `${auth}/login`, { email, password: 'Wrong-Guess-Pass-7' });
    await hedy('POST', `${auth}/password/forgot`, { email });
    const reset = await tokenOf(email, 2);
    await hedy('POST', `${auth}/password/reset`, { token: reset, password: second });
    await hedy('POST', `${auth}/password/reset`, { token: 'made-up.token', password: second });
    await hedy('POST', `${auth}/login`, { email, password: second });

    // Secrets where they do not belong, and what cannot be read.
    const query = `?token=${reset}&password=${second}&email=${encodeURIComponent(email)}`;
    for (const path of [
      `/${query}`,
      `${auth}/me${query}`,
      `/nowhere/${reset}${query}`,
      `/%zz${query}`,
      `/set-password${query}`,
    ])
      await hedy('GET', path);
    const authorization = `Bearer ${[...secrets].find((each) => each.startsWith('eyJ')) ?? 'eyJa.b.c'}`;
    await hedy('GET', `${auth}/me`, undefined, { authorization });
    await hedy('GET', `${auth}/me`, undefined, { authorization: `Bearer ${second}` });
    await hedy('POST', `${auth}/login`, { email: [email], password: { $ne: second } });
    await hedy('POST', `${auth}/login`, { email, password: second, [second]: second });
    await hedy('GET', `${auth}/me`, undefined, {
      traceparent: `00-${second}-x-01`,
      cookie: `__Host-gh.console.at=${reset}`,
    });

    // Mail that is refused in words that repeat the credentials; a collector that is not there.
    mailIsTaken = false;
    await hedy('POST', `${auth}/password/forgot`, { email });
    await expect.poll(served.output).toContain('a message cannot be delivered now');
    await expect.poll(served.output).toContain('takes no spans');
    // A mailbox that is refused in words that repeat the address.
    mailboxIsKnown = false;
    mailIsTaken = true;
    await expect.poll(() => undelivered().length).toBeGreaterThan(0);
    mailboxIsKnown = true;
    const administrator = browser();
    await administrator('POST', `${auth}/login`, {
      email: SETTINGS.GATEHOUSE_ADMIN_EMAIL,
      password: SETTINGS.GATEHOUSE_ADMIN_PASSWORD,
    });
    await administrator('POST', '/api/v1/users', { email: 'ada@example.net', name: 'Augusta Ada King' });
    await administrator('GET', '/api/v1/users?search=augusta');
    await administrator('POST', `${auth}/logout`, {});

    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    const log = served.output();
    expect(secrets.size).toBeGreaterThan(25);
    for (const secret of secrets)
      expect(log.includes(secret), `a secret of ${secret.length} characters`).toBe(false);
    expect(log).not.toMatch(
      /hedy|lamarr|hedwig|kiesler|frequency|augusta|ada@|root-person|Agent-Of-A-Person/i,
    );

    // And it is a log: each line by itself, each request with its id, template and process.
    const requests = entries().filter(({ msg }) => msg === 'request');
    expect(requests.length).toBeGreaterThan(20);
    for (const { correlationId, route, worker, status, ms, method } of requests) {
      expect(correlationId).toMatch(/^[0-9a-f]{32}$/);
      expect(route).toMatch(/^(none|\/.*)$/);
      expect([1, 2]).toContain(worker);
      expect([typeof status, typeof ms, typeof method]).toEqual(['number', 'number', 'string']);
    }
    // What goes wrong later is found by the id of the request that caused it.
    const causes = undelivered().map(
      ({ correlationId }) => requests.find((request) => request.correlationId === correlationId)?.route,
    );
    expect(causes.length).toBeGreaterThan(0);
    for (const route of causes) expect(route).toMatch(/^\/api\/v1\/auth\/password\/(forgot|reset)$/);
  });
});
