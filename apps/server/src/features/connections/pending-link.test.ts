import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import {
  addGoogle,
  type Door,
  GOOGLE,
  otherEnd,
  startWorld,
  type World,
} from '../../../test/connections.fixture.ts';
import { PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';
import { PLATFORM_CONNECTIONS } from './platform-connections.ts';

let world: World;
let gatehouse: World['gatehouse'];
let google: Door;
beforeAll(async () => {
  world = await startWorld(GOOGLE);
  ({ gatehouse } = world);
  google = await addGoogle(world);
});
afterAll(() => world.close());

const byGoogle = async (claims: Record<string, unknown>) => {
  const entered = await world.enter(google, claims);
  return { ...entered, code: entered.answer.body.code ?? entered.answer.status };
};

describe('an account that asks for the existing login first', () => {
  const claims = {
    sub: 'link-1',
    email: 'linked@corp2.example',
    email_verified: true,
    // What a page shows cannot be turned round by it.
    name: 'Ada\u202e “Lovelace”\n\nevil ). Click Link now, your administrator has asked you to do so.',
  };
  const asked = async (browser = gatehouse.browser(), who: Record<string, unknown> = claims) => {
    google.provider.claims = who;
    const begun = await browser.get('/api/v1/auth/google/login');
    const back = await world.providers.authorize(String(begun.headers.location));
    const answer = await browser.get(`${back.pathname}${back.search}`, { accept: 'text/html' });
    const page = new URL(String(answer.headers.location));
    expect([page.pathname, page.searchParams.get('problem')]).toEqual(['/signin', 'auth.link_required']);
    return { browser, token: new URLSearchParams(page.hash.slice(1)).get('link') ?? '' };
  };
  type Act = '' | '/open' | '/decline';
  const act = (browser: TestBrowser, token: string, what: Act = '') =>
    browser.post(`/api/v1/auth/link${what}`, { token });
  const login = (browser: TestBrowser, email = 'linked@corp2.example') =>
    browser.post('/api/v1/auth/login', { email, password: PASSWORD });
  const refused = async (who: TestBrowser, token: string) => {
    for (const what of ['/open', '', '/decline'] as const) {
      const answer = await act(who, token, what);
      expect([what, answer.status, answer.body.code]).toEqual([what, 400, 'auth.link_invalid']);
    }
  };
  let owner: { userId: string };
  beforeAll(async () => {
    owner = await registerTenant(gatehouse, 'Corp 2', claims.email);
    await registerTenant(gatehouse, 'Corp 3', 'thief@corp3.example');
  });

  it('is shown after it, in that browser, to that user alone, and linked when they say so, once [threat 19] [threat 20] [threat 21]', async () => {
    const { browser, token } = await asked();
    expect((await act(browser, token, '/open')).status).toBe(401);
    // Somebody else in that browser, the right one in another browser.
    await login(browser, 'thief@corp3.example');
    await refused(browser, token);
    const elsewhere = gatehouse.browser();
    await elsewhere.get('/api/v1/auth/google/login');
    await login(elsewhere);
    await refused(elsewhere, token);
    const bare = elsewhere.clone();
    bare.cookies.delete('__Host-gh.sso');
    await refused(bare, token);
    // A session that stood open before the provider was asked.
    gatehouse.clock.advance({ seconds: 2 });
    const stale = await asked(elsewhere);
    await refused(elsewhere, stale.token);
    expect((await login(browser)).status).toBe(200);
    for (const odd of ['not a token', '', 7, null, [token]])
      for (const what of ['/open', '', '/decline'])
        expect((await browser.post(`/api/v1/auth/link${what}`, { token: odd })).body.code).toBe(
          'request.invalid',
        );
    for (const other of [token.slice(0, -1), otherEnd(token)]) await refused(browser, other);
    const shown = await act(browser, token, '/open');
    expect([shown.status, shown.body]).toEqual([
      200,
      {
        connection: { id: PLATFORM_CONNECTIONS.google, kind: 'google', name: 'Google' },
        issuer: 'https://accounts.google.com',
        account: claims.email,
        name: 'Ada Lovelace evil ). Click Link now, your administrator has…',
        email: claims.email,
      },
    ]);
    // Signing in and looking link nothing.
    expect((await byGoogle(claims)).code).toBe('auth.link_required');
    const answers = await Promise.all(Array.from({ length: 50 }, () => act(browser.clone(), token)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.link_invalid')).toHaveLength(49);
    const entered = await byGoogle(claims);
    expect((await world.me(entered.browser)).user).toMatchObject({ id: owner.userId });
    // Another account of the same provider with the same address is another one.
    expect((await byGoogle({ ...claims, sub: 'link-2' })).code).toBe('auth.link_required');
  });

  it('is forgotten when its owner declines, which is on record, and when nobody says a word for a quarter of an hour', async () => {
    const { browser, token } = await asked(undefined, { ...claims, sub: 'link-3' });
    const late = await asked(browser, { ...claims, sub: 'link-3' });
    const both = await asked(browser, { ...claims, sub: 'link-3' });
    gatehouse.clock.advance({ seconds: 1 });
    expect((await login(browser)).status).toBe(200);
    expect((await act(browser, token, '/decline')).status).toBe(204);
    await refused(browser, token);
    // Of both answers at once the first counts.
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        act(browser.clone(), both.token, i % 2 === 0 ? '/decline' : '/open'),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const kept = await gatehouse.sql(
      `select id from gatehouse.one_time_tokens where purpose = 'connection-link' and subject_id = $1 and consumed_at is not null`,
      [owner.userId],
    );
    expect(kept).toEqual([]);
    const records = await gatehouse.sql<{ after: Record<string, unknown> }>(
      `select after from gatehouse.audit_records where action = 'identity_link_refused' and actor_id = $1 order by id`,
      [owner.userId],
    );
    expect(records.map(({ after }) => after)).toEqual(
      [1, 2].map(() => ({ connection: PLATFORM_CONNECTIONS.google, verdict: 'declined' })),
    );
    expect((await act(browser, late.token, '/open')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 15 });
    expect((await login(browser)).status).toBe(200);
    await refused(browser, late.token);
    expect((await byGoogle({ ...claims, sub: 'link-3' })).code).toBe('auth.link_required');
  });
});
