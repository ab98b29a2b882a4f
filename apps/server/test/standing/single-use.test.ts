import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterOwn } from '../../src/platform/access/index.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../src/platform/ids.ts';
import { type Purpose, tenantOfToken } from '../../src/platform/one-time-tokens/index.ts';
import type { TestBrowser } from '../browser.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from './people.fixture.ts';

/** Every purpose, and the operation that spends its tokens, with everything but the token right. */
const SPENT_BY = {
  'set-password': ['/api/v1/auth/password/set', { password: 'Right-Pass-1' }],
  'reset-password': ['/api/v1/auth/password/reset', { password: 'Right-Pass-1' }],
  registration: ['/api/v1/auth/register/confirm', { password: 'Right-Pass-1' }],
  setup: ['/api/v1/auth/setup', { password: 'Right-Pass-1', email: 'setup@x.example', name: 'A Person' }],
  'verify-email': ['/api/v1/auth/email/verify', {}],
  'change-email': ['/api/v1/auth/email/confirm', { password: 'Right-Pass-1' }],
  invitation: ['/api/v1/auth/invitation/register', { name: 'A Person', password: 'Right-Pass-1' }],
  'second-factor': ['/api/v1/auth/mfa/verify', { totp_code: '492039' }],
  enrolment: ['/api/v1/auth/mfa/enrol', {}],
  'new-totp': ['/api/v1/auth/factors/totp/confirm', { totp_code: '492039' }],
  'new-passkey': ['/api/v1/auth/factors/passkey/confirm', {}],
  'passkey-sign-in': ['/api/v1/auth/passkey/login', {}],
  'mail-link': ['/api/v1/auth/mail-sign-in/link', { elsewhere: true }],
} as const satisfies Record<Exclude<Purpose, OfProviders | OfFactors>, readonly [string, object]>;
/** Spent by somebody who comes back from an identity provider, and by somebody who then signed in. */
type OfProviders = 'connection-sign-in' | 'connection-link' | 'connection-trial';
/** Over HTTP these are guesses, and so many of them meet a lock: features/auth/passkeys and mail-sign-in try them there. */
const GUESSES = ['passkey-second-factor', 'passkey-step-up', 'mail-code'] as const;
type OfFactors = (typeof GUESSES)[number];
const PURPOSES = [
  ...Object.keys(SPENT_BY),
  'connection-sign-in',
  'connection-link',
  'connection-trial',
  ...GUESSES,
] as Purpose[];
const isGuess = (purpose: Purpose): purpose is OfFactors => GUESSES.some((each) => each === purpose);
/** A sign-in that waits is over; of links the same is said whatever is wrong with them. */
const refusalOf = (purpose: Purpose): [number, string] => {
  if (purpose === 'second-factor' || purpose === 'enrolment') return [401, 'auth.mfa_session_invalid'];
  if (purpose === 'connection-trial') return [404, 'resource.not_found'];
  const isSignIn = purpose === 'connection-sign-in' || purpose === 'passkey-sign-in';
  return [400, isSignIn ? 'auth.sign_in_expired' : 'auth.link_invalid'];
};
/** What a passkey would answer to this challenge, or what a browser would have made for it. */
const asAnswer = (token: string) => {
  const challenge = Buffer.from(token).toString('base64url');
  const clientDataJSON = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge })).toString(
    'base64url',
  );
  return { id: 'AA', rawId: 'AA', type: 'public-key', clientDataJSON };
};
const memberOf = (purpose: Purpose): string => {
  if (purpose === 'new-totp') return 'enrolment_token';
  return refusalOf(purpose)[0] === 401 ? 'session_token' : 'token';
};

/** Links and codes: each good once, for one purpose, in one tenant. */
describe('single-use tokens', () => {
  let gatehouse: TestServer;
  let person: Person;
  let other: TenantId;
  let admin: TestBrowser;
  beforeAll(async () => {
    gatehouse = await startServer();
    admin = await gatehouse.admin();
    const alpha = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    other = (await registerTenant(gatehouse, 'Beta', 'first@beta.example')).tenantId;
    person = await addPerson(gatehouse, alpha.tenantId, []);
  });
  afterAll(() => gatehouse.close());

  const scope = (tenantId: TenantId) => enterOwn({ kind: 'claim', tenantId });
  const issue = (purpose: Purpose, tenantId: TenantId, subjectId: string = newId()) =>
    gatehouse.server.deps.doors.withTenant(scope(tenantId), (tx) =>
      gatehouse.server.deps.oneTimeTokens.issue(tx, purpose, {
        subjectId,
        payload: { email: 'x@example.com' },
        lifetimeSeconds: 3600,
      }),
    );
  const consume = (purpose: Purpose, tenantId: TenantId, token: string) =>
    gatehouse.server.deps.doors.withTenant(scope(tenantId), (tx) =>
      gatehouse.server.deps.oneTimeTokens.consume(tx, purpose, token),
    );
  const redeem = (purpose: Purpose, token: string) => {
    if (purpose === 'connection-link')
      return call(gatehouse, person.token, { method: 'POST', url: '/api/v1/auth/link', body: { token } });
    if (purpose === 'connection-sign-in')
      return gatehouse.browser().get(`/api/v1/auth/google/callback?state=${token}&code=x`);
    // Looked at and not spent, by the session that tried.
    if (purpose === 'connection-trial') return admin.post(`/api/v1/connections/${newId()}/trial`, { token });
    if (isGuess(purpose)) throw new Error('not over HTTP');
    const [url, rest] = SPENT_BY[purpose];
    // A new factor is confirmed by whoever is signed in.
    const by = purpose.startsWith('new-') ? admin : gatehouse.browser();
    if (purpose === 'new-passkey' || purpose === 'passkey-sign-in') {
      const { clientDataJSON, ...passkey } = asAnswer(token);
      const more =
        purpose === 'new-passkey'
          ? { attestationObject: 'AA' }
          : { authenticatorData: 'AA', signature: 'AA' };
      return by.post(url, { passkey: { ...passkey, response: { clientDataJSON, ...more } } });
    }
    return by.post(url, { ...rest, [memberOf(purpose)]: token });
  };
  /** Another last character that stands for the same bytes: base64url of 16 or 32 bytes leaves bits over. */
  const respelt = (text: string) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(text.slice(-1));
    return text.slice(0, -1) + (alphabet[last ^ 1] ?? '');
  };

  it('are worth nothing for another purpose, neither to the store nor over HTTP [threat 57]', async () => {
    for (const made of PURPOSES) {
      for (const asked of PURPOSES.filter((purpose) => purpose !== made)) {
        const token = await issue(made, ROOT_TENANT);
        expect(await consume(asked, ROOT_TENANT, token), `${made} as ${asked}`).toBeUndefined();
        if (isGuess(asked)) continue;
        const answer = await redeem(asked, token);
        const said = [answer.status, answer.body.code];
        expect(said, `${made} as ${asked}: ${answer.text}`).toEqual(refusalOf(asked));
        // It was refused, not spent.
        expect(await consume(made, ROOT_TENANT, token)).toBeDefined();
      }
    }
  });

  it('have their purpose in the hash as well: a row relabelled in the database does not open [threat 57]', async () => {
    for (const made of PURPOSES) {
      const others = PURPOSES.filter((purpose) => purpose !== made);
      const tokens: string[] = [];
      for (const _asked of others) tokens.push(await issue(made, ROOT_TENANT));
      await gatehouse.sql(
        `update gatehouse.one_time_tokens t set purpose = new.purpose
           from unnest($1::text[]) with ordinality as new (purpose, place),
                (select id, row_number() over (order by id) as place from
                  (select id from gatehouse.one_time_tokens where tenant_id = $2 order by id desc limit $3) as newest) as made
           where t.tenant_id = $2 and t.id = made.id and made.place = new.place`,
        [others, ROOT_TENANT, others.length],
      );
      for (const [place, asked] of others.entries())
        expect(await consume(asked, ROOT_TENANT, tokens[place] ?? ''), `${made} as ${asked}`).toBeUndefined();
    }
  });

  it('of one tenant are worth nothing in another, with the tenant exchanged or the row moved [threat 10]', async () => {
    const token = await issue('set-password', person.tenantId, person.userId);
    const elsewhere = (await issue('set-password', other)).split('.')[0] ?? '';
    const exchanged = `${elsewhere}.${token.split('.')[1] ?? ''}`;
    expect(tenantOfToken(exchanged)).toBe(other);
    expect(await consume('set-password', other, token)).toBeUndefined();
    expect(await consume('set-password', other, exchanged)).toBeUndefined();
    expect((await redeem('set-password', exchanged)).body.code).toBe('auth.link_invalid');
    await gatehouse.sql(
      `update gatehouse.one_time_tokens set tenant_id = $1 where subject_id = $2 and consumed_at is null`,
      [other, person.userId],
    );
    expect(await consume('set-password', other, exchanged)).toBeUndefined();
    expect(await consume('set-password', person.tenantId, token)).toBeUndefined();
  });

  it('are refused when altered anywhere, shortened, lengthened or spelt in another way', async () => {
    const token = await issue('set-password', person.tenantId, person.userId);
    const [tenant = '', secret = ''] = token.split('.');
    const altered = [
      ...[...token].map((c, i) => `${token.slice(0, i)}${c === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`),
      `${respelt(tenant)}.${secret}`,
      `${tenant}.${respelt(secret)}`,
      token.slice(0, -1),
      `${token}A`,
      `${token}.x`,
      `${token}.`,
      `.${token}`,
      `${tenant}.`,
      `${tenant}..${secret}`,
      token.toLowerCase(),
      secret,
      `${Buffer.from(person.tenantId).toString('base64url')}.${secret}`,
    ].filter((text) => text !== token);
    for (const [i, text] of altered.entries()) {
      expect(
        await consume('set-password', tenantOfToken(text) ?? person.tenantId, text),
        text,
      ).toBeUndefined();
      // Over HTTP each costs the hash of a password: every twelfth, and what is not merely one character.
      if (i < token.length && i % 12 !== 0) continue;
      const answer = await redeem('set-password', text);
      expect(answer.status, `${text}: ${answer.text}`).toBe(400);
    }
    expect(await consume('set-password', person.tenantId, token)).toBeDefined();
  });

  it('end after their time', async () => {
    const token = await issue('set-password', person.tenantId, person.userId);
    gatehouse.clock.advance({ hours: 1 });
    expect(await consume('set-password', person.tenantId, token)).toBeUndefined();
    expect((await redeem('set-password', token)).body.code).toBe('auth.link_invalid');
  });

  it('are spent once of fifty redemptions at the same time, for every purpose [threat 57]', async () => {
    for (const purpose of PURPOSES) {
      const token = await issue(purpose, ROOT_TENANT);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => consume(purpose, ROOT_TENANT, token)),
      );
      expect(
        answers.filter((answer) => answer !== undefined),
        purpose,
      ).toHaveLength(1);
    }
  });

  it('set one password of fifty that are tried at the same time over HTTP', async () => {
    const token = await issue('set-password', person.tenantId, person.userId);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        gatehouse.browser().post('/api/v1/auth/password/set', { token, password: `Right-Pass-${i}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.link_invalid')).toHaveLength(49);
    const winner = answers.findIndex(({ status }) => status === 204);
    const login = (i: number) =>
      gatehouse.browser().post('/api/v1/auth/login', { email: person.email, password: `Right-Pass-${i}` });
    expect((await login(winner)).status).toBe(200);
    expect((await login((winner + 1) % 50)).status).toBe(401);
    const changes = await gatehouse.sql<{ n: number }>(
      `select count(*)::int as n from gatehouse.audit_records where action = 'password_changed' and resource_id = $1`,
      [person.userId],
    );
    expect(changes).toEqual([{ n: 1 }]);
  });

  it('are kept as keyed hashes only: what the database holds redeems nothing', async () => {
    const token = await issue('set-password', person.tenantId, person.userId);
    const rows = await gatehouse.sql<{ text: string }>(
      'select t::text as text from gatehouse.one_time_tokens t',
    );
    const secret = token.split('.')[1] ?? '';
    for (const { text } of rows) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    }
  });
});
