import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, TestBrowser } from '../browser.fixture.ts';
import {
  addOwner,
  CHANGE_EMAIL,
  CONFIRM_EMAIL,
  FORGOT,
  freshAddress,
  mailedTo,
  RESET,
  signedIn,
} from '../recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../server.fixture.ts';
import { listenAnywhere, requestText, sendRaw } from './socket.fixture.ts';
import { addPerson, PASSWORD } from './people.fixture.ts';

const EVIL = 'evil.example';
/** What a request may say of the host that it was sent to (GHSA-2wmj-46rj-qm2w and its sisters). */
const HEADERS: Record<string, string>[] = [
  { host: EVIL },
  { host: `${EVIL}:443` },
  { host: `localhost@${EVIL}` },
  { host: `localhost.${EVIL}` },
  { 'x-forwarded-host': EVIL },
  { 'x-forwarded-host': `localhost, ${EVIL}` },
  { 'x-forwarded-host': `${EVIL}/path?x=` },
  { 'x-forwarded-server': EVIL },
  { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': EVIL },
  { 'x-forwarded-port': '1337', 'x-forwarded-prefix': `//${EVIL}` },
  { 'x-original-host': EVIL, 'x-host': EVIL, 'x-http-host-override': EVIL },
  { 'x-original-url': `https://${EVIL}/`, 'x-rewrite-url': `https://${EVIL}/` },
  { forwarded: `for=1.2.3.4;host=${EVIL};proto=https` },
  { forwarded: `host="${EVIL}"` },
  { referer: `https://${EVIL}/` },
  { 'x-forwarded-host': `"><a href="https://${EVIL}">` },
];

describe('links in mails', () => {
  let gatehouse: TestServer;
  let port: number;
  beforeAll(async () => {
    // Whoever sends the request is a trusted proxy here: not even that one is asked where we are.
    gatehouse = await startServer({ env: { GATEHOUSE_PUBLIC_URL: 'http://localhost:4711' } });
    port = await listenAnywhere(gatehouse.server.app);
  });
  afterAll(() => gatehouse.close());

  /** Every address that stands in what was mailed since, in text and HTML. */
  const linksSince = async (count: number) =>
    (await gatehouse.deliverMail())
      .slice(count)
      .flatMap(({ text, html }) =>
        [...`${text} ${html}`.matchAll(/\w+:\/\/[^\s"'<>]+/g)].map(([url]) => url),
      );
  const expectOwn = (links: string[], where: string) => {
    expect(links.length, where).toBeGreaterThan(0);
    for (const link of links) {
      expect(new URL(link).origin, `${where}: ${link}`).toBe('http://localhost:4711');
      expect(link).not.toContain(EVIL);
    }
  };

  it('lead to the configured address, whatever the request says of its host, in every mail that has one [threat 31]', async () => {
    const admin = await gatehouse.admin();
    const invited = await admin.post('/api/v1/users', { email: freshAddress(), name: 'Invited' });
    const mailing: [string, (headers: Record<string, string>) => Promise<Answer>][] = [
      [
        'forgot',
        async (headers) =>
          gatehouse.browser().post(FORGOT, { email: (await addOwner(gatehouse)).email }, headers),
      ],
      [
        'register',
        (headers) =>
          gatehouse
            .browser()
            .post(
              '/api/v1/auth/register',
              { email: freshAddress(), password: PASSWORD, name: 'X', tenantName: 'X' },
              headers,
            ),
      ],
      [
        'change of address',
        async (headers) => {
          const browser = await signedIn(gatehouse, await addOwner(gatehouse));
          return browser.post(CHANGE_EMAIL, { newEmail: freshAddress(), password: PASSWORD }, headers);
        },
      ],
      ['add user', (headers) => admin.post('/api/v1/users', { email: freshAddress(), name: 'X' }, headers)],
      ['invitation', (headers) => admin.post('/api/v1/invitations', { email: freshAddress() }, headers)],
      [
        'proof of an address',
        async (headers) => {
          const owner = await addOwner(gatehouse);
          await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [
            owner.userId,
          ]);
          const browser = await signedIn(gatehouse, owner);
          return browser.post('/api/v1/auth/email/send-verification', undefined, headers);
        },
      ],
    ];
    expect(invited.status).toBe(201);
    for (const [what, send] of mailing) {
      for (const headers of HEADERS) {
        const where = `${what} ${JSON.stringify(headers)}`;
        const before = (await gatehouse.deliverMail()).length;
        const answer = await send(headers);
        expect(answer.status, `${where}: ${answer.text}`).toBeLessThan(300);
        expectOwn(await linksSince(before), where);
      }
    }
  });

  it('lead there, too, when the request line names another host, or two hosts are named [threat 31]', async () => {
    const { email } = await addOwner(gatehouse);
    const body = JSON.stringify({ email });
    const headers = { 'Content-Type': 'application/json' };
    const before = (await gatehouse.deliverMail()).length;
    const requests = [
      requestText('POST', `http://${EVIL}${FORGOT}`, headers, body),
      requestText('POST', `https://localhost:4711@${EVIL}${FORGOT}`, headers, body),
      requestText('POST', FORGOT, { ...headers, Host: EVIL }, body),
      requestText('POST', `//${EVIL}${FORGOT}`, headers, body),
      requestText('POST', FORGOT, headers, body).replace('Host: localhost', `Host: ${EVIL}`),
      requestText('POST', FORGOT, headers, body).replace(
        'Host: localhost',
        `Host: ${EVIL}\r\nHost: localhost`,
      ),
    ];
    const statuses: number[] = [];
    for (const request of requests) statuses.push((await sendRaw(port, request)).status);
    for (const status of statuses) expect(status).toBeLessThan(500);
    // Some are refused as no request at all; those that are taken mail our own address.
    expect(statuses).toContain(202);
    expectOwn(await linksSince(before), 'request line');
  });

  it('carry their token in the fragment, and subjects hold nothing that somebody chose', async () => {
    const before = (await gatehouse.deliverMail()).length;
    const owner = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, owner);
    const newEmail = `win-a-prize.${freshAddress()}`;
    await gatehouse.browser().post(FORGOT, { email: owner.email });
    await browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
    await gatehouse.browser().post(CONFIRM_EMAIL, {
      token: tokenIn((await mailedTo(gatehouse, newEmail)).at(-1)),
      password: PASSWORD,
    });
    const mails = (await gatehouse.deliverMail()).slice(before);
    expect(mails.length).toBeGreaterThanOrEqual(5);
    for (const { subject, text, html } of mails) {
      expect(subject).not.toMatch(/prize|@/);
      expect(`${text}${html}`).not.toMatch(/[?&]token=/);
    }
  });
});

describe('answers over HTTP', () => {
  let gatehouse: TestServer;
  beforeAll(async () => {
    gatehouse = await startServer();
  });
  afterAll(() => gatehouse.close());

  it('hold no token of a link, no hash and no password, in any step of recovery or change [threat 37]', async () => {
    const answers: string[] = [];
    const heard = (browser: TestBrowser): TestBrowser => {
      const { request } = browser;
      browser.request = async (options) => {
        const answer = await request(options);
        answers.push(JSON.stringify([answer.headers, answer.text]));
        return answer;
      };
      return browser;
    };
    const fresh = 'Next-Pass-1';
    const newEmail = freshAddress();
    const owner = await addOwner(gatehouse);
    const { email } = owner;
    const anyone = () => heard(gatehouse.browser());
    const newest = async (to: string) => tokenIn((await mailedTo(gatehouse, to)).at(-1));
    await anyone().post(FORGOT, { email });
    const reset = await newest(email);
    await anyone().post(RESET, { token: reset, password: 'weak' });
    await anyone().post(RESET, { token: reset, password: fresh });
    await anyone().post(RESET, { token: reset, password: fresh });
    const browser = heard(await signedIn(gatehouse, { email, password: fresh }));
    await browser.post('/api/v1/auth/password/change', { currentPassword: 'x', newPassword: PASSWORD });
    await browser.post('/api/v1/auth/password/change', { currentPassword: fresh, newPassword: PASSWORD });
    await browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
    await anyone().post(CONFIRM_EMAIL, { token: await newest(newEmail), password: PASSWORD });
    await browser.get('/api/v1/auth/me');
    const admin = heard(await gatehouse.admin());
    await admin.post('/api/v1/auth/email/send-verification', undefined);
    const auditor = await addPerson(gatehouse, owner.tenantId, ['admin']);
    const read = heard(gatehouse.browser({ origin: undefined }));
    for (const path of ['/api/v1/audit?limit=200', '/api/v1/users', `/api/v1/users/${owner.userId}`]) {
      const answer = await read.get(path, { authorization: `Bearer ${auditor.token}` });
      expect(answer.status).toBe(200);
    }
    for (const path of ['/api/v1/audit?limit=200', '/api/v1/users']) await admin.get(path);

    const tokens = (await gatehouse.deliverMail()).flatMap(({ text }) =>
      [...text.matchAll(/#token=(\S+)/g)].map(([, token = '']) => token),
    );
    expect(tokens.length).toBeGreaterThanOrEqual(3);
    const rows = await gatehouse.sql<{ secret: string }>(
      `select secret_sealed as secret from gatehouse.credentials union select encode(hash, 'hex') from gatehouse.one_time_tokens`,
    );
    const secrets = [
      ...tokens.flatMap((token) => [token, token.split('.')[1] ?? '']),
      ...rows.map(({ secret }) => secret),
      fresh,
      PASSWORD,
      '$2b$',
    ];
    expect(answers.length).toBeGreaterThan(12);
    for (const secret of secrets)
      for (const answer of answers) expect(answer.includes(secret), `${secret} in ${answer}`).toBe(false);
  });
});
