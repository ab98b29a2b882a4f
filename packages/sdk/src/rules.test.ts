import {
  type AccessRule,
  allOf,
  permissions,
  publicAccess,
  roles,
  ruleOf,
  scopes,
  serviceOnly,
  signedIn,
  stepUp,
} from '@gatehouse/contracts';
import { type GatehouseDouble, startGatehouseDouble } from '@gatehouse/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGatehouse, type Gatehouse } from './gatehouse.ts';
import { AccessProblem } from './problem.ts';

const [OLD, NEW] = ['an internal secret of thirty-two!', 'another internal secret of thirty-two'];
let double: GatehouseDouble;
let gatehouse: Gatehouse;
beforeAll(async () => {
  double = await startGatehouseDouble();
  gatehouse = createGatehouse({
    issuer: double.issuer,
    tenants: 'all',
    credentials: () => 'own',
    audience: 'urn:billing',
    internalTokens: [OLD, NEW],
  });
  await gatehouse.start();
});
afterAll(async () => {
  await gatehouse.close();
  await double.close();
});

async function answerTo(rule: AccessRule, token?: string, internalToken?: string) {
  try {
    const caller = await gatehouse.admit(rule, {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      internalToken,
    });
    return { status: 200, kind: caller?.kind };
  } catch (error) {
    if (!(error instanceof AccessProblem)) throw error;
    const { headers, document } = error;
    return {
      status: error.status,
      code: document.code,
      type: headers['content-type'],
      challenge: headers['www-authenticate'],
      missing: document.missingPermission,
    };
  }
}

describe('a route', () => {
  it('that is public asks nobody, whatever they show', async () => {
    for (const token of [undefined, 'nonsense', double.token()])
      expect(await answerTo(publicAccess(), token)).toEqual({ status: 200, kind: undefined });
  });

  it('tells apart who is not known (401) and who may not (403), with the challenge of RFC 6750', async () => {
    const token = double.token({ roles: ['SUPPORT_AGENT'], scope: 'openid' });
    expect(await answerTo(signedIn())).toMatchObject({
      status: 401,
      code: 'auth.unauthenticated',
      challenge: 'Bearer',
    });
    expect(await answerTo(signedIn(), 'nonsense')).toMatchObject({
      status: 401,
      code: 'auth.token_invalid',
      type: 'application/problem+json; charset=utf-8',
      challenge: 'Bearer error="invalid_token"',
    });
    expect(await answerTo(permissions('tickets:read', 'users:read'), token)).toMatchObject({ status: 200 });
    expect(await answerTo(permissions('tickets:read', 'invoices:read'), token)).toMatchObject({
      status: 403,
      code: 'access.denied',
      missing: 'invoices:read',
      challenge: 'Bearer error="insufficient_scope", scope="invoices:read"',
    });
    expect(await answerTo(roles('admin', 'SUPPORT_AGENT'), token)).toMatchObject({ status: 200 });
    expect(await answerTo(allOf(roles('SUPPORT_AGENT'), roles('admin')), token)).toMatchObject({
      status: 403,
    });
    expect(await answerTo(scopes('openid'), token)).toMatchObject({ status: 200 });
    expect(await answerTo(scopes('openid', 'users:read', 'users:update'), token)).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="users:read users:update"',
    });
    expect(await answerTo(ruleOf([], 'deny'), double.token({ roles: ['PLATFORM_ADMIN'] }))).toMatchObject({
      status: 403,
    });
    expect(await answerTo(ruleOf([], 'deny'))).toMatchObject({ status: 401 });
  });

  it('takes no role for more than it is: unknown ones, and names that objects have, hold nothing', async () => {
    for (const role of ['made_up', 'constructor', '__proto__', 'ADMIN', 'admin '])
      expect(await answerTo(permissions('users:read'), double.token({ roles: [role] }))).toMatchObject({
        status: 403,
      });
    for (const held of ['admin', { 0: 'admin' }, null, [['admin']]])
      expect(await answerTo(roles('admin'), double.token({ roles: held }))).toMatchObject({ status: 403 });
  });

  it('for services takes no person, and a service what its own roles hold', async () => {
    expect(await answerTo(serviceOnly(), double.token({ roles: ['PLATFORM_ADMIN'] }))).toMatchObject({
      status: 403,
    });
    const service = double.serviceToken('urn:billing', { roles: ['SUPPORT_AGENT'], namespace: 'ops' });
    expect(await answerTo(serviceOnly(), service)).toMatchObject({ status: 200, kind: 'service' });
    expect(await answerTo(allOf(serviceOnly(), permissions('tickets:read')), service)).toMatchObject({
      status: 200,
    });
    expect(await answerTo(allOf(serviceOnly(), permissions('users:create')), service)).toMatchObject({
      status: 403,
    });
  });

  it('takes the token of a service for no more than its scope says, and for no more than its roles hold', async () => {
    const narrow = double.serviceToken('urn:billing', {
      roles: ['SUPPORT_AGENT'],
      scope: 'users:read users:create',
    });
    expect(await answerTo(permissions('users:read'), narrow)).toMatchObject({ status: 200 });
    for (const beyond of ['tickets:read', 'users:create'])
      expect(await answerTo(permissions(beyond), narrow), beyond).toMatchObject({ status: 403 });
  });

  it('that asks for a recent proof says what would do (RFC 9470), after all that the proof would not change', async () => {
    const at = Math.floor(Date.now() / 1000);
    const old = double.token({ auth_time: at - 700 });
    const strong = double.token({ auth_time: at - 700, acr: '2' });
    const recently = stepUp({ maxAge: 600 });
    expect(await answerTo(recently, double.token())).toMatchObject({ status: 200 });
    const challenge = (acr: string) =>
      `Bearer error="insufficient_user_authentication", error_description="A more recent or stronger authentication is required", acr_values="${acr}", max_age="600"`;
    expect(await answerTo(recently, old)).toMatchObject({
      status: 401,
      code: 'auth.insufficient_user_authentication',
      challenge: challenge('1'),
    });
    expect(await answerTo(recently, strong)).toMatchObject({ status: 401, challenge: challenge('2') });
    expect(await answerTo(recently, double.token({ auth_time: undefined }))).toMatchObject({ status: 401 });
    const second = stepUp({ acr: '2' });
    expect(await answerTo(second, strong)).toMatchObject({ status: 200 });
    expect((await answerTo(second, double.token())).challenge).toMatch(/acr_values="2"$/);
    expect(await answerTo(allOf(permissions('invoices:read'), recently), old)).toMatchObject({ status: 403 });
    const service = double.serviceToken('urn:billing');
    expect(await answerTo(recently, service)).toMatchObject({ status: 403 });
  });
});

describe('the shared secret of X-Internal-Token', () => {
  it('opens what is for services only, by either of its two values', async () => {
    for (const value of [OLD, NEW])
      expect(await answerTo(serviceOnly(), undefined, value)).toEqual({ status: 200, kind: 'internal' });
    for (const rule of [signedIn(), permissions('users:read'), roles('admin')])
      expect(await answerTo(rule, undefined, OLD)).toMatchObject({ status: 401 });
    for (const demand of [permissions('users:read'), roles('admin'), scopes('x'), stepUp({ acr: '2' })])
      expect(await answerTo(allOf(serviceOnly(), demand), undefined, OLD)).toMatchObject({ status: 403 });
    expect(await answerTo(ruleOf([], 'deny'), undefined, OLD)).toMatchObject({ status: 401 });
  });

  it('is nothing but itself, counts for nothing beside a token, and is off where it is not set', async () => {
    for (const value of [
      '',
      OLD.slice(0, -1),
      `${OLD}x`,
      OLD.toUpperCase(),
      `${OLD}, ${NEW}`,
      OLD.replace('!', '?'),
    ])
      expect(await answerTo(serviceOnly(), undefined, value)).toMatchObject({ status: 401 });
    expect(await answerTo(serviceOnly(), double.token(), OLD)).toMatchObject({ status: 403 });
    expect(await answerTo(serviceOnly(), 'nonsense', OLD)).toMatchObject({ status: 401 });
    const without = createGatehouse({ issuer: double.issuer, tenants: 'all' });
    expect(() => without.admit(serviceOnly(), { internalToken: '' })).toThrow(AccessProblem);
    expect(() => without.admit(serviceOnly(), { internalToken: 'undefined' })).toThrow(AccessProblem);
  });
});

describe('a service of one tenant', () => {
  it('lets in nobody who works in another, whatever they hold there [threat 5]', async () => {
    const own = createGatehouse({ issuer: double.issuer, tenants: ['tenant-1'], credentials: () => 'own' });
    await own.start();
    try {
      const admitted =
        (tenant_id: string, claims = {}) =>
        async () =>
          own.admit(allOf(signedIn(), roles('admin')), {
            authorization: `Bearer ${double.token({ tenant_id, roles: ['admin'], ...claims })}`,
          });
      await expect(admitted('tenant-1')()).resolves.toMatchObject({ tenantId: 'tenant-1' });
      for (const tenant of ['tenant-2', 'TENANT-1', '__proto__'])
        await expect(admitted(tenant), tenant).rejects.toMatchObject({ status: 403, code: 'access.denied' });
    } finally {
      await own.close();
    }
  });

  it('asks about callers whom its feed says nothing of', async () => {
    const asked = () => double.asked.get('/api/v1/auth/me') ?? 0;
    double.covers = 'tenant-1';
    const wide = createGatehouse({ issuer: double.issuer, tenants: 'all', credentials: () => 'own' });
    await wide.start();
    try {
      const admit = (tenant_id: string) =>
        wide.admit(signedIn(), { authorization: `Bearer ${double.token({ tenant_id, sid: tenant_id })}` });
      const before = asked();
      await admit('tenant-1');
      expect(asked()).toBe(before);
      await admit('tenant-2');
      expect(asked()).toBe(before + 1);
    } finally {
      double.covers = null;
      await wide.close();
    }
  });
});

describe('what a service says of itself', () => {
  it.each<[string, object]>([
    ['issuer', { issuer: 'id.example.com' }],
    ['issuer', { issuer: 'https://id.example.com/' }],
    ['tenants', { tenants: undefined }],
    ['tenants', { tenants: [] }],
    ['tenants', { tenants: 'everybody' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['undeclared', { undeclared: 'public' }],
    ['staleness', { staleness: 3600 }],
    ['staleness', { staleness: Number.NaN }],
    ['clockTolerance', { clockTolerance: -1 }],
    ['internalTokens', { internalTokens: ['short'] }],
    ['internalTokens', { internalTokens: [OLD, NEW, `${OLD}${NEW}`] }],
    ['internalTokens', { internalTokens: [''] }],
  ])('is refused where %s cannot be', (name, options) => {
    expect(() => createGatehouse({ issuer: 'https://id.example.com', tenants: 'all', ...options })).toThrow(
      name,
    );
  });
});
