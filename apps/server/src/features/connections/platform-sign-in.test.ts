import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import {
  addGoogle,
  connect,
  type Door,
  GOOGLE,
  proveDomain,
  startWorld,
  type World,
} from '../../../test/connections.fixture.ts';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import type { TestProvider } from '../../../test/providers.fixture.ts';
import { beginStepUp } from '../../../test/step-up.fixture.ts';
import { ADMIN, startServer } from '../../../test/server.fixture.ts';
import { addPerson, PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const ENV = {
  ...GOOGLE,
  GITHUB_CLIENT_ID: 'github-client',
  GITHUB_CLIENT_SECRET: 'github-secret',
  MICROSOFT_CLIENT_ID: 'microsoft-client',
  MICROSOFT_CLIENT_SECRET: 'microsoft-secret',
};
const [DIRECTORY, OTHER] = ['8d8ac610-566d-4ef0-9c22-186b2a5ed793', '11111111-2222-4333-8444-555555555555'];
const entraIssuer = (directory: string) => `https://login.microsoftonline.com/${directory}/v2.0`;

let world: World;
let gatehouse: World['gatehouse'];
let google: Door;
let github: TestProvider;
let entra: TestProvider;
beforeAll(async () => {
  world = await startWorld(ENV);
  ({ gatehouse } = world);
  google = await addGoogle(world);
  github = await world.providers.add('https://github.com', {
    aliases: {
      'https://github.com/login/oauth/authorize': '/authorize',
      'https://github.com/login/oauth/access_token': '/token',
      'https://api.github.com': '',
    },
  });
  github.alter.answer = ({ body }) => void (body !== '' && delete body.id_token);
  entra = await world.providers.add('https://login.microsoftonline.com/organizations/v2.0', {
    takes: 'client_secret_post',
  });
  entra.alter.metadata = (body) => Object.assign(body, { issuer: entraIssuer('{tenantid}') });
});
afterAll(() => world.close());

const enter = async (at: Door, claims: Record<string, unknown>, browser?: TestBrowser) => {
  const entered = await world.enter(at, claims, browser);
  return { ...entered, code: entered.answer.body.code ?? entered.answer.status };
};
const byGoogle = (claims: Record<string, unknown>, browser?: TestBrowser) => enter(google, claims, browser);
const byGithub = (id: unknown, emails: unknown, browser?: TestBrowser) => {
  github.rest = { '/user': { id, login: 'octocat', name: 'Mona' }, '/user/emails': emails };
  return enter({ provider: github, login: '/api/v1/auth/github/login' }, {}, browser);
};
const byEntra = (claims: Record<string, unknown>, tid = DIRECTORY) =>
  enter(
    { provider: entra, login: '/api/v1/auth/microsoft/login' },
    { tid, iss: entraIssuer(tid), ...claims },
  );
const primary = (email: unknown) => [{ email, primary: true, verified: true }];
const tenants = () => gatehouse.sql('select id from gatehouse.tenants');

describe('the addresses of somebody at GitHub', () => {
  const spares = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      email: `spare${i}@octo.example`,
      primary: false,
      verified: true,
    }));
  const askedFor = () => world.providers.asked.filter((url) => url.includes('/user/emails')).splice(0);

  it('are read page by page until the primary one is found, and no further than three', async () => {
    const before = askedFor().length;
    const found = await byGithub(801, [...spares(150), ...primary('many@octo.example'), ...spares(149)]);
    expect(found.code).toBe(303);
    expect((await world.me(found.browser)).user).toMatchObject({ email: 'many@octo.example' });
    expect(askedFor().slice(before)).toEqual(
      [1, 2].map((page) => `https://api.github.com/user/emails?per_page=100&page=${page}`),
    );
    const hidden = await byGithub(802, [...spares(300), ...primary('hidden@octo.example')]);
    expect([hidden.code, askedFor().length - before]).toEqual(['auth.email_unproved', 5]);
    expect((await byGithub(803, spares(100))).code).toBe('auth.email_unproved');
  });
});

describe('the platform’s connections in a root tenant of single sign-on', () => {
  it('are its own: they are offered to be linked', async () => {
    const admin = await gatehouse.admin();
    const offered = async () => {
      const { items } = (await admin.get('/api/v1/auth/identities/available')).body as {
        items: { kind: string }[];
      };
      return items.map(({ kind }) => kind).toSorted();
    };
    const before = await offered();
    expect(before).toContain('google');
    const set = (policy: string) =>
      gatehouse.sql(
        `update gatehouse.tenants set settings = jsonb_set(settings, '{signIn}', jsonb_build_object('policy', $2::text)) where id = $1`,
        [ROOT_TENANT, policy],
      );
    await set('restricted');
    gatehouse.server.deps.tenantRules.forget([{ kind: 'settings', tenant_id: ROOT_TENANT }]);
    expect(await offered()).toEqual(before);
    await set('standard');
    gatehouse.server.deps.tenantRules.forget([{ kind: 'settings', tenant_id: ROOT_TENANT }]);
  });
});

describe('signing in with Google', () => {
  it('opens a tenant of one’s own for who is new, and finds it again', async () => {
    const claims = { sub: 'g1', email: 'new@gmail.com', email_verified: true, name: 'New\u202e Person' };
    const { browser, code } = await byGoogle(claims);
    expect(code).toBe(303);
    const mine = await world.me(browser);
    expect(mine).toMatchObject({
      user: { email: 'new@gmail.com', name: 'New Person', emailVerified: true },
      roles: ['admin'],
    });
    const again = await byGoogle({ ...claims, email: 'other@gmail.com' });
    expect((await world.me(again.browser)).user).toMatchObject({ id: (mine.user as { id: string }).id });
  });

  it('enters the account of a gmail address that both sides proved, and asks first for any other', async () => {
    const { userId } = await registerTenant(gatehouse, 'Gmail', 'owner@gmail.com');
    const { browser } = await byGoogle({ sub: 'g2', email: 'Owner@gmail.com', email_verified: true });
    expect((await world.me(browser)).user).toMatchObject({ id: userId });
    await registerTenant(gatehouse, 'Corp', 'owner@corp.example');
    const corp = { email: 'owner@corp.example', email_verified: true };
    const cases: [string, Record<string, unknown>, unknown][] = [
      ['not managed', { sub: 'g3', ...corp }, 'auth.link_required'],
      ['a domain that nobody proved', { sub: 'g4', ...corp, hd: 'corp.example' }, 'auth.link_required'],
      ['managed by another', { sub: 'g5', ...corp, hd: 'evil.example' }, 'auth.link_required'],
      ['not verified', { sub: 'g6', ...corp, email_verified: false }, 'auth.email_unproved'],
      ['gmail.com in the middle', { sub: 'g7', ...corp, hd: 'gmail.com' }, 'auth.link_required'],
    ];
    for (const [what, claims, expected] of cases)
      expect([what, (await byGoogle(claims)).code]).toEqual([what, expected]);
  });

  it('enters an account of a Workspace domain that the tenant of the account proved', async () => {
    const tenantId = await addTenant(gatehouse, { name: 'managed' });
    const admin = await addCaller(gatehouse, tenantId, 'admin');
    await proveDomain(world, admin, 'managed.example');
    const known = await addPerson(gatehouse, tenantId, [], 'a@managed.example');
    const { browser } = await byGoogle({
      sub: 'g8',
      email: 'a@managed.example',
      email_verified: true,
      hd: 'managed.example',
    });
    expect((await world.me(browser)).user).toMatchObject({ id: known.userId });
  });

  it('enters no tenant that takes single sign-on only, except the root tenant, whose own it is [threat 52]', async () => {
    const { tenantId } = await registerTenant(gatehouse, 'Only', 'only@gmail.com');
    await addPerson(gatehouse, ROOT_TENANT, [], 'operator@gmail.com');
    const only = { sub: 'only', email: 'only@gmail.com', email_verified: true };
    const operator = { sub: 'operator', email: 'operator@gmail.com', email_verified: true };
    const { browser, code } = await byGoogle(only);
    expect(code).toBe(303);
    const url = `/api/v1/tenants/${tenantId}/settings`;
    const change = {
      version: (await browser.get(url)).body.version,
      settings: { signIn: { policy: 'restricted' } },
    };
    // Nor does it let its administrator shut the other doors.
    expect((await browser.patch(url, change)).body.code).toBe('settings.locks_you_out');
    const shut = async (id: TenantId, policy: string) => {
      await gatehouse.sql(`update gatehouse.tenants set settings = $2 where id = $1`, [
        id,
        JSON.stringify({ signIn: { policy } }),
      ]);
      gatehouse.server.deps.tenantRules.forget([{ kind: 'settings', tenant_id: id }]);
    };
    for (const id of [tenantId, ROOT_TENANT]) await shut(id, 'restricted');
    expect((await byGoogle(only)).code).toBe('auth.sso_required');
    expect((await byGoogle(operator)).code).toBe(303);
    await shut(ROOT_TENANT, 'standard');
  });

  it('leaves nothing of whoever registered a stranger’s address and waited [threat 23]', async () => {
    const tenantId = await addTenant(gatehouse, { name: 'trap' });
    const trap = await addPerson(gatehouse, tenantId, ['admin'], 'victim@gmail.com');
    await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [trap.userId]);
    await gatehouse.sql(
      `insert into gatehouse.external_identities (tenant_id, id, connection_id, connection_tenant_id, issuer, subject, user_id, created_at)
       select $1, gen_random_uuid(), id, tenant_id, 'https://github.com', '666', $2, now() from gatehouse.connections where kind = 'github'`,
      [tenantId, trap.userId],
    );
    const { browser, code } = await byGoogle({ sub: 'g9', email: 'victim@gmail.com', email_verified: true });
    expect(code).toBe(303);
    expect((await world.me(browser)).user).toMatchObject({ id: trap.userId });
    gatehouse.clock.advance({ seconds: 1 });
    const bearer = { authorization: `Bearer ${trap.token}` };
    expect((await gatehouse.browser().get('/api/v1/auth/me', bearer)).status).toBe(401);
    // The account of the other provider that the trap had linked opens nothing here.
    const thief = await byGithub(666, primary('thief@evil.example'));
    expect((await world.me(thief.browser)).user).not.toMatchObject({ id: trap.userId });
  });
});

describe('signing in with GitHub', () => {
  it('takes the primary address that GitHub verified, and no other [threat 22]', async () => {
    const without: [string, unknown][] = [
      ['null', primary(null)],
      ['empty', primary('')],
      ['blank', primary(' ')],
      ['a list', primary(['a@x.example'])],
      ['unverified', [{ email: 'a@x.example', primary: true, verified: false }]],
      ['secondary', [{ email: 'a@x.example', primary: false, verified: true }]],
      ['verified by a text', [{ email: 'a@x.example', primary: true, verified: 'true' }]],
      ['none', []],
      ['an error', { message: 'Requires authentication' }],
      ['nothing', null],
    ];
    for (const [what, emails] of without)
      expect([what, (await byGithub(1, emails)).code]).toEqual([what, 'auth.email_unproved']);
    for (const id of [null, '7', 0, -1, 1.5, undefined])
      expect([id, (await byGithub(id, primary('a@x.example'))).code]).toEqual([id, 'auth.provider_failed']);
    expect((await byGithub(2, primary('hub@x.example'))).code).toBe(303);
  });

  it('never enters an account that stands already by itself', async () => {
    await registerTenant(gatehouse, 'Octo', 'octo@gmail.com');
    expect((await byGithub(3, primary('octo@gmail.com'))).code).toBe('auth.link_required');
  });
});

describe('signing in with Microsoft', () => {
  it('knows a person by directory and object, and believes no address that a directory says [threat 17]', async () => {
    await registerTenant(gatehouse, 'Contoso', 'ceo@contoso.example');
    const forged: [string, Record<string, unknown>, unknown][] = [
      ['without xms_edov', { oid: 'o1', email: 'ceo@contoso.example' }, 'auth.email_unproved'],
      [
        'verified by itself',
        { oid: 'o1', email: 'ceo@contoso.example', email_verified: true },
        'auth.email_unproved',
      ],
      ['edov false', { oid: 'o1', email: 'ceo@contoso.example', xms_edov: false }, 'auth.email_unproved'],
      ['edov 0', { oid: 'o1', email: 'ceo@contoso.example', xms_edov: '0' }, 'auth.email_unproved'],
      ['no object', { email: 'ceo@contoso.example', xms_edov: true }, 'auth.provider_failed'],
      [
        'the issuer of another directory',
        { oid: 'o1', email: 'x@y.example', xms_edov: true, iss: entraIssuer(OTHER) },
        'auth.provider_failed',
      ],
      [
        'no directory',
        { oid: 'o1', email: 'x@y.example', xms_edov: true, tid: undefined },
        'auth.provider_failed',
      ],
    ];
    for (const [what, claims, expected] of forged)
      expect([what, (await byEntra(claims)).code]).toEqual([what, expected]);
    const one = await byEntra({ oid: 'o2', email: 'one@fabrikam.example', xms_edov: true });
    expect(one.code).toBe(303);
    const other = await byEntra({ oid: 'o2', email: 'two@fabrikam.example', xms_edov: 1 }, OTHER);
    expect((await world.me(other.browser)).user).not.toMatchObject({
      id: ((await world.me(one.browser)).user as { id: string }).id,
    });
    // `sub` differs from one registration to the next, and says nothing here.
    const again = await byEntra({ oid: 'o2', sub: 'another', email: 'moved@fabrikam.example' });
    expect((await world.me(again.browser)).user).toMatchObject({ email: 'one@fabrikam.example' });
    expect((await byEntra({ oid: 'o3', email: 'ceo@contoso.example', xms_edov: '1' })).code).toBe(303);
    // It takes `prompt=login`; Google refuses what it does not know, and is asked by `max_age` alone.
    const asked = await beginStepUp(again.browser);
    expect([asked.searchParams.get('max_age'), asked.searchParams.get('prompt')]).toEqual(['0', 'login']);
    const { browser } = await byGoogle({ sub: 'g-anew', email: 'anew@gmail.com', email_verified: true });
    expect((await beginStepUp(browser)).searchParams.has('prompt')).toBe(false);
  });

  it('by a tenant’s own registration takes its directory alone, whose domains are the tenant’s', async () => {
    const tenantId = await addTenant(gatehouse, { name: 'own' });
    await gatehouse.sql(`update gatehouse.tenants set slug = 'own-entra' where id = $1`, [tenantId]);
    const admin = await addCaller(gatehouse, tenantId, 'admin');
    const own = await world.providers.add(entraIssuer(DIRECTORY));
    await proveDomain(world, admin, 'own.example');
    await connect(admin, { kind: 'microsoft', name: 'Ours', directoryId: DIRECTORY, clientId: 'ours' });
    const path = '/api/v1/auth/microsoft/login?tenant=own-entra';
    own.claims = { tid: DIRECTORY, oid: 'p1', email: 'p1@own.example' };
    const browser = gatehouse.browser();
    expect((await world.providers.signIn(browser, path)).status).toBe(303);
    expect((await world.me(browser)).user).toMatchObject({ tenantId, email: 'p1@own.example' });
    own.claims = { tid: OTHER, iss: entraIssuer(OTHER), oid: 'p2', email: 'p2@own.example' };
    expect((await world.providers.signIn(gatehouse.browser(), path)).body.code).toBe('auth.provider_failed');
    own.claims = { tid: DIRECTORY, oid: 'p3', email: 'p3@elsewhere.example' };
    expect((await world.providers.signIn(gatehouse.browser(), path)).body.code).toBe('auth.email_unproved');
    expect((await gatehouse.browser().get(path.replace('own-entra', 'nobody'))).status).toBe(404);
    expect((await gatehouse.browser().get(path.replace('microsoft', 'github'))).status).toBe(404);
  });
});

describe('the providers of the platform', () => {
  it('are the settings’ alone, and their secrets nobody’s', async () => {
    const admin = await gatehouse.admin();
    const list = await admin.get('/api/v1/connections');
    expect(list.text).not.toContain('google-secret');
    const items = list.body.items as { id: string; scope: string; hasSecret: boolean; redirectUri: string }[];
    expect(items.map(({ scope, hasSecret }) => [scope, hasSecret])).toEqual(
      [1, 2, 3].map(() => ['platform', true]),
    );
    expect(items[0]?.redirectUri).toBe(`${gatehouse.config.publicUrl}/api/v1/auth/google/callback`);
    const [first] = items;
    for (const answer of [
      await admin.patch(`/api/v1/connections/${first?.id}`, { name: 'x' }),
      await admin.post(`/api/v1/connections/${first?.id}/disable`),
      await admin.delete(`/api/v1/connections/${first?.id}`),
    ])
      expect(answer.body.code).toBe('connections.built_in');
  });

  it('that are named no more let nobody in, and their sessions end, wherever they lie [threat 45]', async () => {
    const { browser } = await byGithub(44, primary('leaving@x.example'));
    expect((await world.me(browser)).user).toBeDefined();
    const rest = Object.fromEntries(Object.entries(ENV).filter(([name]) => !name.startsWith('GITHUB')));
    const database = gatehouse.databaseUrl.split('/').at(-1) ?? '';
    const other = await startServer({
      env: rest,
      database,
      clock: gatehouse.clock,
      outbound: world.providers.outbound,
    });
    gatehouse.clock.advance({ seconds: 1 });
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await other.browser().get('/api/v1/auth/github/login')).body.code).toBe(
      'auth.connection_disabled',
    );
    await other.close();
  });
});

describe('a deployment of single sign-on', () => {
  it('lets in the domains that it names, as users of the root tenant with no role, and closes every other door [threat 52]', async () => {
    const restricted = await startServer({
      env: {
        ...ENV,
        AUTH_POLICY: 'restricted',
        AUTH_ALLOWED_EMAIL_DOMAINS: 'corp.example, other.example',
        REGISTRATION: 'tenant',
      },
      outbound: world.providers.outbound,
    });
    try {
      const before = await tenants();
      google.provider.claims = {
        sub: 'r1',
        email: 'ada@corp.example',
        email_verified: true,
        hd: 'corp.example',
      };
      const browser = restricted.browser();
      expect((await world.providers.signIn(browser, '/api/v1/auth/google/login')).status).toBe(303);
      expect((await browser.get('/api/v1/auth/me')).body).toMatchObject({
        user: { tenantId: ROOT_TENANT, email: 'ada@corp.example' },
        roles: [],
        permissions: [],
      });
      const refused: [Record<string, unknown>, string][] = [
        [{ sub: 'r2', email: 'x@gmail.com', email_verified: true }, 'auth.no_account'],
        [{ sub: 'r3', email: 'x@corp.example', email_verified: true }, 'auth.no_account'],
        [
          { sub: 'r4', email: 'x@sub.corp.example', email_verified: true, hd: 'sub.corp.example' },
          'auth.no_account',
        ],
      ];
      for (const [claims, code] of refused) {
        google.provider.claims = claims;
        expect(
          (await world.providers.signIn(restricted.browser(), '/api/v1/auth/google/login')).body.code,
        ).toBe(code);
      }
      // An account of another domain that is known already comes in no more.
      await addPerson(restricted, ROOT_TENANT, [], 'old@gmail.com');
      google.provider.claims = { sub: 'r5', email: 'old@gmail.com', email_verified: true };
      expect(
        (await world.providers.signIn(restricted.browser(), '/api/v1/auth/google/login')).body.code,
      ).toBe('auth.sign_in_refused');
      const email = ADMIN.email;
      for (const [path, body] of [
        ['login', ADMIN],
        ['register', { email, password: PASSWORD, name: 'A', tenantName: 'A' }],
        ['check-method', { email }],
      ] as const) {
        const answer = await restricted.browser().post(`/api/v1/auth/${path}`, body);
        expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'auth.sso_required']);
      }
      expect(await tenants()).toEqual(before);
    } finally {
      await restricted.close();
    }
  });
});
