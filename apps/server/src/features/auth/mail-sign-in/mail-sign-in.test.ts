import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addMailPerson,
  ASK,
  askedForCode,
  askedForLink,
  BY_CODE,
  BY_LINK,
  OPEN_LINK,
  setRules,
} from '../../../../test/mail-sign-in.fixture.ts';
import { startCounting } from '../../../../test/cost.fixture.ts';
import { claimDomain } from '../../../../test/domains.fixture.ts';
import { addTenant } from '../../../../test/people.fixture.ts';
import { addOwner, LOGIN, mailedTo, recordsOf, signedIn } from '../../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { PASSWORD } from '../../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT } from '../../../platform/ids.ts';
import { TOKEN_PAYLOADS } from '../../../platform/one-time-tokens/index.ts';
import { removeExpired } from '../../maintenance/clean-up.repo.ts';

const ME = '/api/v1/auth/me';
let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
const codeOf = (answer: { status: number; body: Record<string, unknown> }) => [
  answer.status,
  answer.body.code,
];

describe('signing in by a mailed link', () => {
  it('opens a session in the browser that asked, once, and says how', async () => {
    const person = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const token = await askedForLink(gatehouse, person.email, browser);
    const opened = await browser.post(OPEN_LINK, { token });
    expect(opened.body).toEqual({ email: person.email, here: true });
    const answer = await browser.post(BY_LINK, { token });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.user).toMatchObject({ id: person.userId });
    const me = (await browser.get(ME)).body;
    expect(me).toMatchObject({ user: { emailVerified: true }, session: { amr: ['otp'], acr: '1' } });
    expect(codeOf(await browser.post(BY_LINK, { token }))).toEqual([400, 'auth.link_invalid']);
    expect(await recordsOf(gatehouse, 'mail_sign_in_requested', person.userId)).toMatchObject([
      { after: { method: 'link', mailed: true } },
    ]);
  });

  it('asks first in another browser, and is not spent by looking [threat 33]', async () => {
    const person = await addMailPerson(gatehouse);
    const token = await askedForLink(gatehouse, person.email, gatehouse.browser());
    const other = gatehouse.browser();
    for (let n = 0; n < 2; n += 1) {
      expect((await other.post(OPEN_LINK, { token })).body).toEqual({ email: person.email, here: false });
      expect((await other.get(`/signin/mail-link?token=${token}`)).status).toBe(200);
      expect(codeOf(await other.post(BY_LINK, { token }))).toEqual([409, 'auth.confirm_elsewhere']);
    }
    expect((await other.post(BY_LINK, { token, elsewhere: true })).status).toBe(200);
  });

  it('is over after ten minutes, and with a new address of the account', async () => {
    const person = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const late = await askedForLink(gatehouse, person.email, browser);
    gatehouse.clock.advance({ minutes: 10 });
    expect(codeOf(await browser.post(BY_LINK, { token: late }))).toEqual([400, 'auth.link_invalid']);
    const former = await askedForLink(gatehouse, person.email, browser);
    await gatehouse.sql(`update gatehouse.users set email_key = 'x' || email_key where id = $1`, [
      person.userId,
    ]);
    expect(codeOf(await browser.post(BY_LINK, { token: former }))).toEqual([400, 'auth.link_invalid']);
  });
});

describe('signing in by a mailed code', () => {
  it('opens a session in the browser that asked, once, and in no other', async () => {
    const { email, userId } = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const code = await askedForCode(gatehouse, email, browser);
    expect(code).toMatch(/^\d{8}$/);
    // Another browser that asked has a code of its own.
    const other = gatehouse.browser();
    await askedForCode(gatehouse, email, other);
    expect(codeOf(await other.post(BY_CODE, { email, code }))).toEqual([401, 'auth.mail_code_wrong']);
    expect(codeOf(await gatehouse.browser().post(BY_CODE, { email, code }))).toEqual([
      401,
      'auth.mail_code_wrong',
    ]);
    const answer = await browser.post(BY_CODE, { email, code });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.user).toMatchObject({ id: userId });
    expect(codeOf(await browser.post(BY_CODE, { email, code }))).toEqual([401, 'auth.mail_code_wrong']);
  });

  it('is worth nothing for another address, and after ten minutes', async () => {
    const [one, two] = [await addMailPerson(gatehouse), await addMailPerson(gatehouse)];
    const browser = gatehouse.browser();
    const code = await askedForCode(gatehouse, one.email, browser);
    await askedForCode(gatehouse, two.email, browser);
    expect(codeOf(await browser.post(BY_CODE, { email: two.email, code }))).toEqual([
      401,
      'auth.mail_code_wrong',
    ]);
    gatehouse.clock.advance({ minutes: 10 });
    expect(codeOf(await browser.post(BY_CODE, { email: one.email, code }))).toEqual([
      401,
      'auth.mail_code_wrong',
    ]);
  });

  it('counts wrong ones with wrong passwords, over codes and browsers, and locks, known or not [threat 36]', async () => {
    const { email } = await addMailPerson(gatehouse);
    for (const address of [email, 'nobody-at-all@example.com']) {
      const said: unknown[] = [];
      for (let n = 0; n < 4; n += 1) {
        const browser = gatehouse.browser();
        await browser.post(ASK, { email: address, method: 'code' });
        said.push(codeOf(await browser.post(BY_CODE, { email: address, code: `0000000${n}` })));
      }
      said.push(codeOf(await gatehouse.browser().post(LOGIN, { email: address, password: 'Wrong-Pass-1' })));
      expect(said).toEqual([
        ...Array.from({ length: 4 }, () => [401, 'auth.mail_code_wrong']),
        [423, 'auth.account_locked'],
      ]);
    }
    // A right one is answered like a wrong one while it lasts.
    gatehouse.clock.advance({ minutes: 11 });
    const browser = gatehouse.browser();
    const code = await askedForCode(gatehouse, email, browser);
    expect(codeOf(await browser.post(BY_CODE, { email, code }))).toEqual([423, 'auth.account_locked']);
    gatehouse.clock.advance({ minutes: 20 });
    const again = await askedForCode(gatehouse, email, browser);
    expect((await browser.post(BY_CODE, { email, code: again })).status).toBe(200);
  });

  it.each(['1234567', '123456789', '1234 5678', '١٢٣٤٥٦٧٨', ''])(
    'takes nothing but eight digits: %j',
    async (code) => {
      const answer = await gatehouse.browser().post(BY_CODE, { email: 'a@example.com', code });
      expect(codeOf(answer)).toEqual([400, 'request.invalid']);
    },
  );
});

describe('both', () => {
  it('are off unless the tenant wants them: nothing is mailed, and the answer is the same', async () => {
    const { email } = await addOwner(gatehouse);
    for (const method of ['link', 'code']) {
      const answer = await gatehouse.browser().post(ASK, { email, method });
      expect([answer.status, answer.text]).toEqual([202, '{}']);
    }
    expect(await mailedTo(gatehouse, email)).toEqual([]);
  });

  it.each([
    [
      'the user was suspended',
      (id: { userId: string }) =>
        gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [id.userId]),
    ],
    [
      'the tenant was suspended',
      (id: { tenantId: string }) =>
        gatehouse.sql(`update gatehouse.tenants set status = 'suspended' where id = $1`, [id.tenantId]),
    ],
    [
      'the tenant has switched it off',
      (id: Awaited<ReturnType<typeof addMailPerson>>) =>
        setRules(gatehouse, id.tenantId, { signIn: { mailLink: false, mailCode: false } }),
    ],
    [
      'the tenant takes its own provider only',
      (id: Awaited<ReturnType<typeof addMailPerson>>) =>
        setRules(gatehouse, id.tenantId, {
          signIn: { mailLink: true, mailCode: true, policy: 'restricted' },
        }),
    ],
    [
      'the tenant lets nobody in from here',
      (id: Awaited<ReturnType<typeof addMailPerson>>) =>
        setRules(gatehouse, id.tenantId, {
          signIn: { mailLink: true, mailCode: true, networks: ['203.0.113.0/24'] },
        }),
    ],
  ])('let nobody in when %s meanwhile [threat 44]', async (_why, change) => {
    const person = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const token = await askedForLink(gatehouse, person.email, browser);
    const code = await askedForCode(gatehouse, person.email, browser);
    await change(person);
    const answers = [
      await browser.post(BY_LINK, { token, elsewhere: true }),
      await browser.post(BY_CODE, { email: person.email, code }),
    ];
    for (const answer of answers) expect([400, 401, 403]).toContain(answer.status);
    expect((await browser.get(ME)).status).toBe(401);
  });

  it('let nobody in once a tenant that takes single sign-on only has proved the domain [threat 52]', async () => {
    const domain = `${newId().slice(-12)}.example`;
    const person = await addMailPerson(gatehouse, {}, `ada@${domain}`);
    const browser = gatehouse.browser();
    const token = await askedForLink(gatehouse, person.email, browser);
    const code = await askedForCode(gatehouse, person.email, browser);
    await claimDomain(gatehouse, domain);
    for (const answer of [
      await browser.post(BY_LINK, { token, elsewhere: true }),
      await browser.post(BY_CODE, { email: person.email, code }),
    ])
      expect(codeOf(answer)).toEqual([403, 'auth.sso_required']);
    expect((await browser.get(ME)).status).toBe(401);
  });

  it('keep nothing of an address that was typed where nothing is sent, and go an hour after they have ended', async () => {
    const { email } = await addOwner(gatehouse);
    await gatehouse.sql('delete from gatehouse.one_time_tokens');
    for (const address of [email, 'typed-by-a-stranger@example.com'])
      for (const method of ['link', 'code']) await gatehouse.browser().post(ASK, { email: address, method });
    const rows = await gatehouse.sql<Record<string, string>>(
      'select tenant_id, purpose, payload_sealed from gatehouse.one_time_tokens',
    );
    expect(rows).toHaveLength(4);
    for (const row of rows)
      expect(
        gatehouse.server.deps.sealer.open(row.payload_sealed ?? '', TOKEN_PAYLOADS.context(row)).toString(),
      ).toBe('{}');
    gatehouse.clock.advance({ minutes: 71 });
    const now = gatehouse.clock.now();
    await gatehouse.server.deps.doors.asSystem('clean up', (tx) => removeExpired(tx, now));
    expect(await gatehouse.sql('select from gatehouse.one_time_tokens')).toEqual([]);
  });

  it('lead to the second factor, or to setting one up, like every way in [threat 35]', async () => {
    const person = await addMailPerson(gatehouse);
    await setRules(gatehouse, person.tenantId, { mfa: { policy: 'mandatory', rememberDays: 0 } });
    const browser = gatehouse.browser();
    const token = await askedForLink(gatehouse, person.email, browser);
    const byLink = await browser.post(BY_LINK, { token });
    expect(byLink.body).toMatchObject({ mfa_enrolment_required: true });
    const code = await askedForCode(gatehouse, person.email, browser);
    const byCode = await browser.post(BY_CODE, { email: person.email, code });
    expect(byCode.body).toMatchObject({ mfa_enrolment_required: true });
    expect((await browser.get(ME)).status).toBe(401);
  });

  it('prove the address, and clear what somebody had set up who never proved it [threat 23]', async () => {
    const person = await addMailPerson(gatehouse);
    const squatter = await signedIn(gatehouse, person);
    await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [person.userId]);
    const browser = gatehouse.browser();
    const code = await askedForCode(gatehouse, person.email, browser);
    expect((await browser.post(BY_CODE, { email: person.email, code })).status).toBe(200);
    expect((await browser.get(ME)).body.user).toMatchObject({ emailVerified: true });
    expect((await squatter.get(ME)).status).toBe(401);
    const password = await gatehouse.browser().post(LOGIN, { email: person.email, password: PASSWORD });
    expect(password.body.code).toBe('auth.invalid_credentials');
    expect(await recordsOf(gatehouse, 'unproved_ways_removed', person.userId)).toMatchObject([
      { before: { credentials: ['password'] }, after: { mail: 'code' } },
    ]);
  });

  it('are not to be had as a flood: to one address go five for each network, and the answer stays the same', async () => {
    const limited = await startServer({ env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '2' } });
    try {
      const { email } = await addMailPerson(limited);
      for (let n = 0; n < 4; n += 1)
        expect((await limited.browser().post(ASK, { email, method: n % 2 ? 'code' : 'link' })).status).toBe(
          202,
        );
      expect(await mailedTo(limited, email)).toHaveLength(2);
    } finally {
      await limited.close();
    }
  });

  it('cost the same statements and get the same answer, whoever has the address and whatever their tenant allows [threat 51]', async () => {
    const [known, off] = [await addMailPerson(gatehouse), await addOwner(gatehouse)];
    const counting = startCounting(gatehouse);
    const cost = (email: string, path: string, more: object) =>
      counting.cost(() => gatehouse.browser().post(path, { email, ...more }));
    for (const [path, more] of [
      [ASK, { method: 'link' }],
      [ASK, { method: 'code' }],
      [BY_CODE, { code: '00000000' }],
    ] as const) {
      // The first time of a person, or of a day, makes the key that seals what is known of them.
      for (const email of [
        known.email,
        off.email,
        'nobody@example.com',
        known.email,
        off.email,
        'nobody@example.com',
      ])
        await cost(email, path, more);
      const [a, b, c] = [
        await cost(known.email, path, more),
        await cost(off.email, path, more),
        await cost('nobody@example.com', path, more),
      ];
      expect(b).toEqual(a);
      expect(c).toEqual(a);
      expect(a.statements.length).toBeGreaterThan(3);
    }
    counting.end();
  });

  it('are offered on the page of a tenant, and for a domain that it has proved, and never for an address', async () => {
    const { tenantId, email } = await addMailPerson(gatehouse, { mailCode: false });
    const options = async (query: string) =>
      (await gatehouse.browser().get(`/api/v1/auth/options${query}`)).body.mailSignIn;
    expect(await options(`?tenant=${tenantId}`)).toEqual({ link: true, code: false });
    expect(await options('')).toEqual({ link: false, code: false });
    const methods = async (address: string) =>
      (await gatehouse.browser().post('/api/v1/auth/check-method', { email: address })).body.methods;
    const offered = (await methods(email)) as string[];
    expect(offered).not.toContain('mail_link');
    const domain = `${(await addTenant(gatehouse)).slice(-12)}.example`;
    await gatehouse.sql(
      `insert into gatehouse.tenant_domains (tenant_id, id, domain, challenge, created_at, verified_at)
         values ($1, gen_random_uuid(), $2, 'x', now(), now())`,
      [tenantId, domain],
    );
    expect(await methods(`whoever@${domain}`)).toEqual([...offered, 'mail_link']);
  });

  it('are refused from another origin, and where the deployment takes single sign-on only [threat 52]', async () => {
    const foreign = gatehouse.browser({ origin: 'https://evil.example' });
    const [link, code] = [{ token: 'A'.repeat(43) }, { email: 'a@example.com', code: '12345678' }];
    const ask = { email: 'a@example.com', method: 'link' };
    for (const [path, body] of [
      [ASK, ask],
      [OPEN_LINK, link],
      [BY_LINK, link],
      [BY_CODE, code],
    ] as const)
      expect((await foreign.post(path, body)).body.code).toBe('auth.origin_refused');
    const closed = await startServer({
      env: { AUTH_POLICY: 'restricted', AUTH_ALLOWED_EMAIL_DOMAINS: 'example.com' },
    });
    try {
      await setRules(closed, ROOT_TENANT, { signIn: { mailLink: true, mailCode: true } });
      for (const [path, body] of [
        [ASK, ask],
        [BY_LINK, link],
        [BY_CODE, code],
      ] as const)
        expect(codeOf(await closed.browser().post(path, body))).toEqual([403, 'auth.sso_required']);
    } finally {
      await closed.close();
    }
  });
});
