import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCounting } from '../../../test/cost.fixture.ts';
import { addTenant } from '../../../test/people.fixture.ts';
import {
  addOwner,
  canSignIn,
  CHANGE_EMAIL,
  FORGOT,
  LOGIN,
  mailedTo,
  recordsOf,
  RESET,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { ADMIN, startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const FRESH = 'Remembered-7';
const ask = (email: string, more: object = {}) => gatehouse.browser().post(FORGOT, { email, ...more });
const reset = (token: string, password = FRESH) => gatehouse.browser().post(RESET, { token, password });
const newestToken = async (email: string) => tokenIn((await mailedTo(gatehouse, email)).at(-1));

describe('a forgotten password', () => {
  it('is set anew by the mailed link, which works once; all sessions end and the owner is told', async () => {
    const { email, userId } = await addOwner(gatehouse);
    const [here, there] = [await signedIn(gatehouse, { email }), await signedIn(gatehouse, { email })];
    const asked = await ask(email);
    expect([asked.status, asked.text]).toEqual([202, '{}']);
    const mail = (await mailedTo(gatehouse, email)).at(-1);
    expect(mail?.subject).toBe('Set a new password for Gatehouse');
    expect(mail?.text).toContain(`${gatehouse.config.publicUrl}/reset-password#token=`);
    expect(mail?.html).toContain('/reset-password#token=');

    const token = tokenIn(mail);
    expect((await reset(token)).status).toBe(204);
    for (const browser of [here, there]) {
      expect((await browser.get('/api/v1/auth/me')).body.code).toBe('auth.session_expired');
      expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
    }
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    expect(await canSignIn(gatehouse, email, FRESH)).toBe(true);
    expect((await reset(token, 'Another-Pass-1')).body.code).toBe('auth.link_invalid');
    expect(await canSignIn(gatehouse, email, FRESH)).toBe(true);

    const told = (await mailedTo(gatehouse, email)).at(-1);
    expect(told?.subject).toBe('Your password for Gatehouse was changed');
    expect(told?.text).not.toContain('token=');
    expect((await recordsOf(gatehouse, 'password_reset_requested', userId))[0]?.after).toMatchObject({
      mailed: true,
    });
    expect((await recordsOf(gatehouse, 'password_changed', userId))[0]?.after).toMatchObject({
      by: 'reset',
      endedSessions: 3,
    });
  });

  it('has one link at a time: the newest ends those before', async () => {
    const { email } = await addOwner(gatehouse);
    await ask(email);
    const older = await newestToken(email);
    await ask(email);
    const newer = await newestToken(email);
    expect((await reset(older)).body.code).toBe('auth.link_invalid');
    expect((await reset(newer)).status).toBe(204);
  });

  it('has a link that ends after thirty minutes', async () => {
    const { email } = await addOwner(gatehouse);
    await ask(email);
    const token = await newestToken(email);
    gatehouse.clock.advance({ minutes: 30 });
    expect((await reset(token)).body.code).toBe('auth.link_invalid');
  });

  it('keeps the link good after a password that misses the rules', async () => {
    const { email } = await addOwner(gatehouse);
    await ask(email);
    const token = await newestToken(email);
    expect((await reset(token, 'weak')).body.code).toBe('password.too_weak');
    expect((await reset(token)).status).toBe(204);
  });

  it('lifts the lock on the address, so that strangers keep nobody out who can read their mail', async () => {
    const { email } = await addOwner(gatehouse);
    for (let attempt = 1; attempt <= 5; attempt += 1)
      await gatehouse.browser().post(LOGIN, { email, password: 'Wrong-Pass-1' });
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    await ask(email);
    expect((await reset(await newestToken(email))).status).toBe(204);
    expect(await canSignIn(gatehouse, email, FRESH)).toBe(true);
  });

  it('fills no mailbox: five mails in thirty minutes, the last of which stays good while no other comes', async () => {
    const limited = await startServer({ env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5' } });
    try {
      const { email } = await addOwner(limited);
      const press = (address: string) => limited.browser().post(FORGOT, { email: address });
      const links = async () =>
        (await mailedTo(limited, email)).filter(({ text }) => text.includes('token='));
      for (let time = 1; time <= 9; time += 1) expect((await press(email.toUpperCase())).status).toBe(202);
      expect(await links()).toHaveLength(5);
      const counted = await limited.sql<{ seconds: number }>(
        `select ceil((expire - extract(epoch from now()) * 1000) / 1000)::int as seconds from gatehouse.rate_limits where key like 'mail to:reset%'`,
      );
      // What is counted is forgotten when the link ends, and not later.
      expect(counted).toHaveLength(1);
      expect(counted[0]?.seconds).toBeLessThanOrEqual(1800);
      expect(counted[0]?.seconds).toBeGreaterThan(1700);
      limited.clock.advance({ minutes: 29 });
      const token = tokenIn((await links()).at(-1));
      expect((await limited.browser().post(RESET, { token, password: FRESH })).status).toBe(204);
      await limited.sql('update gatehouse.rate_limits set expire = 0');
      await press(email);
      expect(await links()).toHaveLength(6);
    } finally {
      await limited.close();
    }
  });

  it('ends the other links of the account as well', async () => {
    const { email } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    const newEmail = `new-${email}`;
    expect((await browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD })).status).toBe(202);
    const pending = await newestToken(newEmail);
    await ask(email);
    expect((await reset(await newestToken(email))).status).toBe(204);
    const confirmed = await gatehouse
      .browser()
      .post('/api/v1/auth/email/confirm', { token: pending, password: FRESH });
    expect(confirmed.body.code).toBe('auth.link_invalid');
  });

  it('proves the address of an account that was never proved', async () => {
    const admin = await gatehouse.admin();
    expect((await admin.get('/api/v1/auth/me')).body.user).toMatchObject({ emailVerified: false });
    await ask(ADMIN.email);
    expect((await reset(await newestToken(ADMIN.email), ADMIN.password)).status).toBe(204);
    const again = await gatehouse.admin();
    expect((await again.get('/api/v1/auth/me')).body.user).toMatchObject({ emailVerified: true });
  });

  it('takes one address: no list of them, no second recipient, and no page of another origin [threat 29]', async () => {
    const { email } = await addOwner(gatehouse);
    for (const body of [
      { email: [email, 'attacker@example.com'] },
      { email: { $ne: '' } },
      { email, cc: 'attacker@example.com' },
      { email: `${email},attacker@example.com` },
      { email: `${email}\r\nBcc: attacker@example.com` },
    ]) {
      const answer = await gatehouse.browser().post(FORGOT, body);
      expect([answer.status, answer.body.code], JSON.stringify(body)).toEqual([400, 'request.invalid']);
    }
    const twice = `{"email":"${email}","email":"attacker@example.com"}`;
    const answer = await gatehouse.browser().request({
      method: 'POST',
      url: FORGOT,
      payload: twice,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.body.code).toBe('request.malformed');
    const foreign = await gatehouse.browser({ origin: 'https://evil.example' }).post(FORGOT, { email });
    expect(foreign.body.code).toBe('auth.origin_refused');
    expect(await mailedTo(gatehouse, email)).toEqual([]);
    expect(await mailedTo(gatehouse, 'attacker@example.com')).toEqual([]);
  });

  it('is no way in where the deployment takes single sign-on only', async () => {
    const restricted = await startServer({ env: { AUTH_POLICY: 'restricted' } });
    try {
      const token = `${'A'.repeat(22)}.${'B'.repeat(43)}`;
      for (const [url, body] of [
        [FORGOT, { email: ADMIN.email }],
        [RESET, { token, password: FRESH }],
      ] as const)
        expect((await restricted.browser().post(url, body)).body.code).toBe('auth.sso_required');
    } finally {
      await restricted.close();
    }
  });
});

describe('who asks for a link', () => {
  it('by an address that looks like another gets nothing: mail goes to the stored address only [threat 28]', async () => {
    // Stored on the left, typed on the right.
    const corpus: [string, string[]][] = [
      ['strasse@example.com', ['straße@example.com', 'STRAßE@example.com', 'strasse+x@example.com']],
      [
        'mike@example.com',
        ['mıke@example.com', 'MİKE@example.com', 'mike@ex\u0430mple.com', 'm.i.k.e@example.com'],
      ],
      [
        'kate@example.com',
        ['\u212Aate@example.com', 'kate@example.com.', 'KATE@EXAMPLE.COM', 'kate@ｅxample.com'],
      ],
      ['ﬁona@example.org', ['fiona@example.org', 'FIONA@example.org']],
      ['jose\u0301@example.net', ['jos\u00e9@example.net', 'jose@example.net']],
      ['plus+tag@example.com', ['plus@example.com', 'plus+other@example.com']],
      ['faß@example.com', ['fass@example.com', 'FASS@example.com']],
      ['zoe@straße.example', ['zoe@strasse.example', 'zoe@STRASSE.example', 'zoe@xn--strae-oqa.example']],
    ];
    const stored = new Set<string>();
    for (const [email] of corpus) stored.add((await addOwner(gatehouse, { email })).email);
    const before = (await gatehouse.deliverMail()).length;
    for (const [email, typed] of corpus) {
      for (const spelling of typed) {
        const seen = (await gatehouse.deliverMail()).length;
        const answer = await ask(spelling);
        expect([answer.status, answer.text], spelling).toEqual([202, '{}']);
        const mails = (await gatehouse.deliverMail()).slice(seen);
        // Whatever was found, it was the owner of the stored address who was written to, and never the one who typed.
        for (const { to } of mails) expect([email, to], spelling).toEqual([email, email]);
      }
    }
    const mails = (await gatehouse.deliverMail()).slice(before);
    for (const { to } of mails) expect(stored).toContain(to);
    // The same mailbox in another spelling is found; the corpus would prove nothing if none were.
    expect(mails.map(({ to }) => to)).toContain('kate@example.com');
    expect(mails.map(({ to }) => to)).not.toContain('strasse@example.com');
  });

  it('gets nothing for a suspended account, an invited one, one of a suspended tenant, or by a client of another tenant', async () => {
    const suspended = await addOwner(gatehouse);
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [suspended.userId]);
    const invited = await addOwner(gatehouse);
    await gatehouse.sql(`update gatehouse.users set status = 'invited' where id = $1`, [invited.userId]);
    const inside = await addOwner(gatehouse);
    await gatehouse.sql(`update gatehouse.tenants set status = 'suspended' where id = $1`, [inside.tenantId]);
    const elsewhere = await addOwner(gatehouse);
    await gatehouse.sql(
      `insert into gatehouse.clients (tenant_id, id, client_id, name, kind, token_mode, created_at, updated_at)
       values ($1, gen_random_uuid(), 'others-app', 'Of others', 'native', 'bearer', now(), now())`,
      [await addTenant(gatehouse)],
    );
    const unknown = await ask('nobody@example.com');
    for (const [person, more] of [
      [suspended, {}],
      [invited, {}],
      [inside, {}],
      [elsewhere, { client: 'others-app' }],
    ] as const) {
      const answer = await ask(person.email, more);
      expect([answer.status, answer.text]).toEqual([unknown.status, unknown.text]);
      expect(await mailedTo(gatehouse, person.email)).toEqual([]);
      const [record] = await recordsOf(gatehouse, 'password_reset_requested', person.userId);
      expect(record?.after).toMatchObject({ mailed: false });
    }
    expect((await ask(elsewhere.email)).status).toBe(202);
    expect(await mailedTo(gatehouse, elsewhere.email)).toHaveLength(1);
  });

  it('holds a link that sets nothing once account or tenant are suspended', async () => {
    const one = await addOwner(gatehouse);
    const other = await addOwner(gatehouse);
    for (const { email } of [one, other]) await ask(email);
    const tokens = [await newestToken(one.email), await newestToken(other.email)];
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [one.userId]);
    await gatehouse.sql(`update gatehouse.tenants set status = 'suspended' where id = $1`, [other.tenantId]);
    for (const token of tokens) expect((await reset(token)).body.code).toBe('auth.link_invalid');
    await gatehouse.sql(`update gatehouse.users set status = 'active' where id = $1`, [one.userId]);
    expect(await canSignIn(gatehouse, one.email, FRESH)).toBe(false);
    expect(await canSignIn(gatehouse, one.email, PASSWORD)).toBe(true);
  });

  it('cannot tell whether there is an account: known, unknown and suspended cost the same statements and hashes [threat 51]', async () => {
    const known = await addOwner(gatehouse);
    const suspended = await addOwner(gatehouse);
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [suspended.userId]);
    const counting = startCounting(gatehouse);
    const cost = (email: string) => counting.cost(() => ask(email));
    // The first time of a person, or of a day, makes the key that seals what is known of them.
    for (const _time of [1, 2])
      for (const email of [known.email, suspended.email, 'nobody@example.com']) await cost(email);
    const [a, b, c] = [
      await cost(known.email),
      await cost('nobody-else@example.com'),
      await cost(suspended.email),
    ];
    counting.end();
    expect(b).toEqual(a);
    expect(c).toEqual(a);
    expect(a.hashes).toBe(0);
    expect(a.statements.length).toBeGreaterThan(6);
  });

  it('leaves nothing of an unknown address behind that could be mailed', async () => {
    await ask('passer-by@example.com');
    await gatehouse.deliverMail();
    const rows = await gatehouse.sql<{ payload_sealed: string; delivered: boolean }>(
      `select payload_sealed, delivered_at is not null as delivered from gatehouse.outbox where type = 'reset_password' order by id desc limit 1`,
    );
    expect(rows).toEqual([{ payload_sealed: '', delivered: true }]);
    expect(await mailedTo(gatehouse, 'passer-by@example.com')).toEqual([]);
  });
});
