import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOrganisation,
  connect,
  proveDomain,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { addPerson, PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme', {
    roles: [{ value: 'noc', role: 'NOC_OPERATOR' }],
  });
});
afterAll(() => world.close());

const person = (name: string, more: Record<string, unknown> = {}) =>
  verified(name, `${name}@acme.example`, more);

describe('somebody who comes by a tenant’s own provider', () => {
  it('gives the roles that groups are mapped to, and takes them back with the group', async () => {
    const { browser } = await world.enter(acme, person('mapped', { groups: ['noc', 'staff'] }));
    expect((await world.me(browser)).roles).toEqual(['NOC_OPERATOR']);
    const again = await world.enter(acme, person('mapped', { groups: 'staff' }));
    expect((await world.me(again.browser)).roles).toEqual([]);
    // What somebody gave by hand is not the connection's to take.
    const { principalId } = (
      await gatehouse.sql<{ principalId: string }>(
        `select m.id as "principalId" from gatehouse.memberships m join gatehouse.users u on u.id = m.user_id where u.email_key = 'mapped@acme.example'`,
      )
    )[0] ?? { principalId: '' };
    expect((await acme.admin.post('/role-assignments', { principalId, role: 'NOC_OPERATOR' })).status).toBe(
      201,
    );
    await world.enter(acme, person('mapped', { groups: ['noc'] }));
    const third = await world.enter(acme, person('mapped'));
    expect((await world.me(third.browser)).roles).toEqual(['NOC_OPERATOR']);
    for (const groups of [{ noc: true }, [['noc']], [1], null, 'noc '])
      expect(
        (
          await world.me(
            (
              await world.enter(acme, person(`odd-${JSON.stringify(groups).length}`, { groups }))
            ).browser,
          )
        ).roles,
      ).toEqual([]);
  });

  it('gives no role that whoever wrote the mapping does not hold, then or now [threat 72]', async () => {
    const tenantId = await addTenant(gatehouse, { name: 'mappings' });
    const root = await addCaller(gatehouse, tenantId, 'admin');
    const refused = await acme.admin.post('/connections', {
      kind: 'oidc',
      name: 'x',
      issuer: 'https://id.acme.example',
      clientId: 'x',
      roles: [{ value: 'all', role: 'PLATFORM_ADMIN' }],
    });
    expect(refused.body.code).toBe('roles.root_only');
    const writer = await addCaller(gatehouse, acme.tenantId, 'admin');
    const other = await connect(writer, {
      name: 'second',
      issuer: 'https://id.acme.example',
      clientId: 'second',
      roles: [{ value: 'noc', role: 'NOC_MANAGER' }],
    });
    const at = { ...acme, login: `/api/v1/auth/connections/${other}/login` };
    const before = await world.enter(at, person('before', { groups: ['noc'] }));
    expect((await world.me(before.browser)).roles).toEqual(['NOC_MANAGER']);
    await gatehouse.sql('delete from gatehouse.role_assignments where principal_id = $1', [
      writer.principalId,
    ]);
    const after = await world.enter(at, person('after', { groups: ['noc'] }));
    expect([after.answer.status, (await world.me(after.browser)).roles]).toEqual([303, []]);
    expect(root.tenantId).toBe(tenantId);
  });

  it('makes no user of a domain that the tenant has not proved, nor by an address that is not vouched for [threat 4] [threat 18]', async () => {
    const cases: [string, Record<string, unknown>, string][] = [
      ['another domain', verified('s1', 'x@victim.example'), 'auth.domain_unproved'],
      ['a domain below', verified('s2', 'x@sub.acme.example'), 'auth.domain_unproved'],
      ['a look-alike', verified('s3', 'x@аcme.example'), 'auth.domain_unproved'],
      ['unverified', { sub: 's4', email: 'x@acme.example', email_verified: false }, 'auth.email_unproved'],
      ['nothing said', { sub: 's5', email: 'x@acme.example' }, 'auth.email_unproved'],
      ['a text', { sub: 's6', email: 'x@acme.example', email_verified: 'true' }, 'auth.email_unproved'],
      ['a number', { sub: 's7', email: 'x@acme.example', email_verified: 1 }, 'auth.email_unproved'],
      ['no address', { sub: 's8', email_verified: true }, 'auth.email_unproved'],
      ['null', verified('s9', null as unknown as string), 'auth.email_unproved'],
      ['blank', verified('s10', '  '), 'auth.email_unproved'],
      ['two addresses', verified('s11', 'x@acme.example, y@acme.example'), 'auth.email_unproved'],
      ['a list', verified('s12', ['x@acme.example'] as unknown as string), 'auth.email_unproved'],
    ];
    for (const [what, claims, code] of cases) {
      const { answer, browser } = await world.enter(acme, claims);
      expect([what, answer.status, answer.body.code]).toEqual([what, 403, code]);
      expect(browser.cookies.has('__Host-gh.console.at'), what).toBe(false);
    }
    expect(await world.usersOf('x@acme.example')).toEqual([]);
  });

  it('leaves an account of the same address in another tenant alone [threat 3]', async () => {
    const elsewhere = await addTenant(gatehouse, { name: 'elsewhere' });
    const victim = await addPerson(gatehouse, elsewhere, ['admin'], 'ceo@acme.example');
    const { browser } = await world.enter(acme, person('ceo'));
    const mine = (await world.me(browser)).user as { id: string; tenantId: string };
    expect(mine).toMatchObject({ tenantId: acme.tenantId });
    expect(mine.id).not.toBe(victim.userId);
    expect((await world.usersOf('ceo@acme.example')).map(({ tenant_id: id }) => id).sort()).toEqual(
      [acme.tenantId, elsewhere].sort(),
    );
    const login = await gatehouse.sql(
      'select user_id from gatehouse.login_identifiers where email_key = $1',
      ['ceo@acme.example'],
    );
    expect(login).toEqual([{ user_id: victim.userId }]);
  });

  it('links a user of the tenant whose address both sides proved, and asks nothing', async () => {
    const known = await addPerson(gatehouse, acme.tenantId, ['SALES_REP'], 'known@acme.example');
    const { browser } = await world.enter(acme, person('known'));
    expect((await world.me(browser)).user).toMatchObject({ id: known.userId });
  });

  it('clears what somebody had set up with an address that only the provider proves [threat 23]', async () => {
    const tricked = await addPerson(gatehouse, acme.tenantId, ['SALES_REP'], 'tricked@acme.example');
    await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [
      tricked.userId,
    ]);
    await gatehouse.sql(
      `insert into gatehouse.credentials (tenant_id, id, user_id, kind, secret_sealed, created_at, updated_at, passkey_index, sign_count)
       select $1, gen_random_uuid(), $2, kind, 'v1.x.x.x', now(), now(), index, 0 from (values ('password', null), ('totp', null), ('passkey', 'x'::bytea)) as held (kind, index)`,
      [acme.tenantId, tricked.userId],
    );
    const asThem = gatehouse.browser({ origin: undefined });
    const bearer = { authorization: `Bearer ${tricked.token}` };
    expect((await asThem.get('/api/v1/auth/me', bearer)).status).toBe(200);
    const { browser } = await world.enter(acme, person('tricked'));
    const mine = await world.me(browser);
    expect(mine.user).toMatchObject({ id: tricked.userId, emailVerified: true });
    // What an administrator gave the address stays.
    expect(mine.roles).toEqual(['SALES_REP']);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await asThem.get('/api/v1/auth/me', bearer)).status).toBe(401);
    expect(
      await gatehouse.sql('select kind from gatehouse.credentials where user_id = $1', [tricked.userId]),
    ).toEqual([]);
  });

  it('makes nobody somebody who stands above whoever wrote the connection [threat 72]', async () => {
    const writer = await addCaller(gatehouse, acme.tenantId, 'admin');
    const weak = await connect(writer, { name: 'weak', issuer: acme.provider.issuer, clientId: 'weak' });
    await addPerson(gatehouse, acme.tenantId, ['admin'], 'boss@acme.example');
    await gatehouse.sql('delete from gatehouse.role_assignments where principal_id = $1', [
      writer.principalId,
    ]);
    const { answer, browser } = await world.enter(
      { ...acme, login: `/api/v1/auth/connections/${weak}/login` },
      person('boss'),
    );
    expect([answer.status, answer.body.code]).toEqual([409, 'auth.link_required']);
    expect(browser.cookies.has('__Host-gh.console.at')).toBe(false);
  });

  it('does nothing more in the name of an author who was suspended, nor of one of the root tenant who lost the roles [threat 72]', async () => {
    const { clock } = gatehouse;
    const suspended = await addCaller(gatehouse, acme.tenantId, 'admin');
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const fromAbove = {
      ...platform,
      post: (path: string, body?: unknown) => platform.post(`/tenants/${acme.tenantId}${path}`, body),
    };
    const roles = [{ value: 'noc', role: 'NOC_MANAGER' }];
    for (const [author, name, loseIt] of [
      [suspended, 'left', () => acme.admin.post(`/users/${suspended.userId}/suspend`)],
      [
        fromAbove,
        'demoted',
        () =>
          gatehouse.sql('delete from gatehouse.role_assignments where principal_id = $1', [
            platform.principalId,
          ]),
      ],
    ] as const) {
      const id = await connect(author, { name, issuer: acme.provider.issuer, clientId: name, roles });
      const at = { ...acme, login: `/api/v1/auth/connections/${id}/login` };
      await addPerson(gatehouse, acme.tenantId, ['admin'], `${name}-1@acme.example`);
      await addPerson(gatehouse, acme.tenantId, ['admin'], `${name}-2@acme.example`);
      const first = await world.enter(at, person(`${name}-1`, { groups: ['noc'] }));
      expect([name, (await world.me(first.browser)).roles]).toEqual([name, ['NOC_MANAGER', 'admin']]);
      await loseIt();
      clock.advance({ seconds: 1 });
      const { answer } = await world.enter(at, person(`${name}-2`));
      expect([name, answer.status, answer.body.code]).toEqual([name, 409, 'auth.link_required']);
      const fresh = await world.enter(at, person(`${name}-3`, { groups: ['noc'] }));
      expect([name, (await world.me(fresh.browser)).roles]).toEqual([name, []]);
    }
  });

  it('asks whoever came to stand above its author since, until they link it themselves [threat 72]', async () => {
    const { userId, tenantId } = await registerTenant(gatehouse, 'Rise', 'owner@rise.example');
    const writer = await addCaller(gatehouse, tenantId, 'admin');
    await proveDomain(world, writer, 'rise.example');
    const provider = await world.providers.add('https://id.rise.example');
    const id = await connect(writer, { name: 'rise', issuer: provider.issuer });
    const at = { ...acme, provider, login: `/api/v1/auth/connections/${id}/login` };
    await addPerson(gatehouse, tenantId, ['SALES_REP'], 'rep@rise.example');
    const [owner, rep] = ['owner', 'rep'].map((name) => verified(name, `${name}@rise.example`));
    for (const claims of [owner, rep]) expect((await world.enter(at, claims ?? {})).answer.status).toBe(303);
    // Changed by somebody of less standing, or risen above it: what counts is how they stand now.
    await gatehouse.sql('delete from gatehouse.role_assignments where principal_id = $1', [
      writer.principalId,
    ]);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await world.enter(at, rep ?? {})).answer.status).toBe(303);
    provider.claims = owner ?? {};
    const browser = gatehouse.browser();
    const begun = await browser.get(at.login);
    const back = await world.providers.authorize(String(begun.headers.location));
    const asked = await browser.get(`${back.pathname}${back.search}`, { accept: 'text/html' });
    const page = new URL(String(asked.headers.location));
    expect(page.searchParams.get('problem')).toBe('auth.link_required');
    expect(browser.cookies.has('__Host-gh.console.at')).toBe(false);
    const token = new URLSearchParams(page.hash.slice(1)).get('link') ?? '';
    gatehouse.clock.advance({ seconds: 1 });
    const login = await browser.post('/api/v1/auth/login', {
      email: 'owner@rise.example',
      password: PASSWORD,
    });
    expect(login.status).toBe(200);
    expect((await browser.post('/api/v1/auth/link', { token })).status).toBe(204);
    const after = await world.enter(at, owner ?? {});
    expect(((await world.me(after.browser)).user as { id: string }).id).toBe(userId);
  });

  it('makes no more users than the tenant may have, and none where the connection makes none', async () => {
    const small = await addOrganisation(world, 'small', { createUsers: false });
    const refused = await world.enter(small, verified('a', 'a@small.example'));
    expect([refused.answer.status, refused.answer.body.code]).toEqual([403, 'auth.no_account']);
    await small.admin.patch(`/connections/${small.connectionId}`, { createUsers: true });
    await gatehouse.sql(`update gatehouse.tenants set settings = '{"limits":{"users":1}}' where id = $1`, [
      small.tenantId,
    ]);
    const full = await world.enter(small, verified('a', 'a@small.example'));
    expect([full.answer.status, full.answer.body.code]).toEqual([409, 'tenants.user_limit_reached']);
  });
});
