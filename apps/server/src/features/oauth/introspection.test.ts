import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../../test/api-keys.fixture.ts';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addService, type TestService } from '../../../test/services.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const INACTIVE = { active: false };
let gatehouse: TestServer;
let acme: TenantId;
let boss: Caller;
let asking: TestService;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  acme = await addTenant(gatehouse);
  boss = await addCaller(gatehouse, acme, 'admin');
  asking = await addService(gatehouse, boss, { roles: ['admin'] });
});

const send = (bearer: string, payload: string, type = 'application/x-www-form-urlencoded') =>
  gatehouse.browser({ origin: undefined }).request({
    method: 'POST',
    url: '/oauth2/introspect',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
    payload,
  });
async function introspect(token: string, more: Record<string, string> = {}, bearer?: string) {
  const form = new URLSearchParams({ token, ...more }).toString();
  const answer = await send(bearer ?? (await asking.token()), form);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

describe('introspection', () => {
  it('tells of a user’s token what stands now, and nothing once the session has ended [threat 43]', async () => {
    const person = await addCaller(gatehouse, acme, 'SUPPORT_AGENT');
    expect(await introspect(person.token)).toMatchObject({
      active: true,
      token_type: 'access_token',
      sub: person.userId,
      tenant_id: acme,
      home_tenant_id: acme,
      sid: person.opened.sessionId,
      client_id: 'console',
      roles: ['SUPPORT_AGENT'],
      acr: '2',
    });
    await boss.post('/role-assignments', { principalId: person.principalId, role: 'SALES_REP' });
    expect((await introspect(person.token)).roles).toEqual(['SALES_REP', 'SUPPORT_AGENT']);
    await boss.post(`/users/${person.userId}/suspend`);
    expect(await introspect(person.token)).toEqual(INACTIVE);
  });

  it('tells of a service’s token, of one that is for whoever asks, and of none that is for another', async () => {
    const [caller, third] = [await addService(gatehouse, boss), await addService(gatehouse, boss)];
    expect(await introspect(await caller.token())).toMatchObject({
      active: true,
      sub: caller.clientId,
      client_id: caller.clientId,
      namespace: 'billing',
      roles: [],
    });
    const mayCall = [asking.id];
    await gatehouse.browser({ origin: undefined }).request({
      method: 'PUT',
      url: `/api/v1/services/${caller.id}/calls`,
      headers: { authorization: `Bearer ${boss.token}` },
      payload: { mayCall },
    });
    const token = await caller.token({ resource: asking.audience });
    expect(await introspect(token)).toMatchObject({ active: true, aud: asking.audience });
    await boss.post('/role-assignments', { principalId: third.id, role: 'admin' });
    expect(await introspect(token, {}, await third.token())).toEqual(INACTIVE);
    await boss.post(`/services/${caller.id}/suspend`);
    expect(await introspect(token)).toEqual(INACTIVE);
  });

  it('tells of an API key what it opens now, and from where', async () => {
    const script = await makeApiKey(gatehouse, boss, { scopes: ['users:read', 'roles:read'] });
    expect(await introspect(script.key)).toMatchObject({
      active: true,
      token_type: 'api_key',
      api_key_id: script.id,
      sub: boss.userId,
      tenant_id: acme,
      scope: 'users:read roles:read',
    });
    const bound = await makeApiKey(gatehouse, boss, { allowedAddresses: ['203.0.113.0/24'] });
    expect(await introspect(bound.key)).toEqual(INACTIVE);
    expect(await introspect(bound.key, { client_ip: '198.51.100.7' })).toEqual(INACTIVE);
    expect(await introspect(bound.key, { client_ip: 'nonsense' })).toEqual(INACTIVE);
    expect(await introspect(bound.key, { client_ip: '203.0.113.7' })).toMatchObject({ active: true });
    await boss.delete(`/api-keys/${script.id}`);
    expect(await introspect(script.key)).toEqual(INACTIVE);
  });

  it('answers alike for what is no token, what is over, and what is of another tenant [threat 5]', async () => {
    const other = await addTenant(gatehouse);
    const stranger = await addCaller(gatehouse, other, 'admin');
    const key = await makeApiKey(gatehouse, stranger, { scopes: ['users:read'] });
    const foreign = await addService(gatehouse, stranger);
    for (const token of ['x', 'a.b.c', stranger.token, key.key, await foreign.token()])
      expect(await introspect(token), token).toEqual(INACTIVE);
    const old = boss.token;
    gatehouse.clock.advance({ minutes: 16 });
    expect(await introspect(old)).toEqual(INACTIVE);
  });

  it('tells the platform of every tenant', async () => {
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const following = await addService(gatehouse, platform, { roles: ['PLATFORM_ADMIN'] });
    const ordinary = await addService(gatehouse, platform, { roles: ['admin'] });
    expect(await introspect(boss.token, {}, await following.token())).toMatchObject({ tenant_id: acme });
    expect(await introspect(boss.token, {}, await ordinary.token())).toEqual(INACTIVE);
  });

  it('is for whoever holds tokens:introspect, and takes a form with one token', async () => {
    const nobody = await addService(gatehouse, boss);
    expect((await send(await nobody.token(), 'token=x')).status).toBe(403);
    expect((await send('x', 'token=x')).status).toBe(401);
    const bearer = await asking.token();
    for (const form of ['', 'token=', 'token=x&token=y'])
      expect((await send(bearer, form)).status, form).toBe(400);
    // RFC 7662 §2.1: what a server does not know of, it leaves alone.
    expect((await send(bearer, 'token=x&more=y')).status).toBe(200);
    expect((await send(bearer, '{"token":"x"}', 'application/json')).status).toBe(415);
  });
});
