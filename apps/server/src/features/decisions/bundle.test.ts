import { createPublicKey, verify } from 'node:crypto';
import { type Bundle, compileModel, decide, ownData, serviceCalls } from '@gatehouse/decisions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Caller;
let agent: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
  agent = await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT');
});

const ask = (body: object) =>
  gatehouse.browser({ origin: undefined }).request({
    method: 'POST',
    url: '/access/v1/evaluation',
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
  });
const about = (id: string, action: string, type: string) => ({
  subject: { type: 'user', id },
  action: { name: action },
  resource: { type, id: '7' },
});
async function publish(name: string, document: object) {
  const drafted = await admin.post('/policies', { name, ...document });
  const path = `/policies/${String(drafted.body.id)}/publish`;
  const published = await admin.post(path, { revision: 1, place: 'in_force' });
  expect(published.status, published.text).toBe(200);
}

describe('the bundle', () => {
  const fetchBundle = async (caller: Caller = admin, path = '/bundle', etag?: string) =>
    gatehouse.browser({ origin: undefined }).request({
      method: 'GET',
      url: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${caller.token}`,
        ...(etag !== undefined && { 'if-none-match': etag }),
      },
    });

  it('is signed by a published key, and decides as the server does', async () => {
    await publish('own-data', ownData);
    const answer = await fetchBundle();
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['content-type']).toContain('application/jwt');
    const [head = '', body = '', signature = ''] = answer.text.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string; typ: string };
    expect(header.typ).toBe('gatehouse-bundle+jwt');
    const { keys } = (await gatehouse.browser().get('/.well-known/jwks.json')).body as unknown as {
      keys: { kid: string }[];
    };
    const jwk = keys.find(({ kid }) => kid === header.kid);
    const key = {
      key: createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' }),
      dsaEncoding: 'ieee-p1363' as const,
    };
    expect(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    const bundle = JSON.parse(Buffer.from(body, 'base64url').toString()) as Bundle & { iss: string };
    expect(bundle).toMatchObject({
      iss: gatehouse.config.publicUrl,
      tenant: { id: tenantId, type: 'customer' },
    });
    const model = compileModel(bundle);
    for (const [action, type] of [
      ['read', 'tickets'],
      ['read', 'invoices'],
      ['fly', 'tickets'],
    ] as const) {
      const { decision } = decide(model, {
        ...about(agent.userId, action, type),
        subject: { type: 'user', id: agent.userId, roles: ['SUPPORT_AGENT'] },
      });
      expect((await ask(about(agent.userId, action, type))).body.decision).toBe(decision);
    }
    expect(
      (
        await gatehouse.browser({ origin: undefined }).request({
          method: 'GET',
          url: '/api/v1/policies',
          headers: { authorization: `Bearer ${answer.text}` },
        })
      ).status,
    ).toBe(401);
  });

  it('is called the same while it is the same, and otherwise when a policy or a role changes, by another process too', async () => {
    const first = await fetchBundle();
    const tag = String(first.headers.etag);
    expect((await fetchBundle(admin, '/bundle', tag)).status).toBe(304);
    await publish('own-data', ownData);
    const second = await fetchBundle(admin, '/bundle', tag);
    expect(second.status).toBe(200);
    expect(second.headers.etag).not.toBe(tag);
    const role = { name: 'desk', title: 'Desk', permissions: ['tickets:read'] };
    expect((await admin.post('/roles', role)).status).toBe(201);
    // As the log tells it, a quarter of a second later at most.
    gatehouse.server.deps.deciders.forget([{ kind: 'access', tenant_id: tenantId }]);
    expect((await fetchBundle()).headers.etag).not.toBe(second.headers.etag);
  });

  it('is for whoever may fetch it, and of every tenant for the platform’s own services alone', async () => {
    expect((await fetchBundle(agent)).status).toBe(403);
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    expect((await fetchBundle(platform, `/tenants/${tenantId}/bundle`)).status).toBe(200);
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    expect((await fetchBundle(stranger, `/tenants/${tenantId}/bundle`)).status).toBe(404);
  });
});

describe('a call of one service by another', () => {
  it('is decided by the map of the tenant and the policy that deployments start from', async () => {
    const made: Record<string, string> = {};
    for (const clientId of ['shop', 'billing', 'reports']) {
      const service = { clientId: `${clientId}-${tenantId.slice(-12)}`, name: clientId, namespace: 'front' };
      const answer = await admin.post('/services', service);
      expect(answer.status, answer.text).toBe(201);
      made[clientId] = String(answer.body.id);
    }
    const named = (name: string) => `${name}-${tenantId.slice(-12)}`;
    const path = `/api/v1/services/${made.shop}/calls`;
    const mapped = await gatehouse.browser({ origin: undefined }).request({
      method: 'PUT',
      url: path,
      payload: JSON.stringify({ mayCall: [made.billing] }),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
    });
    expect(mapped.status, mapped.text).toBeLessThan(300);
    await publish('service-calls', serviceCalls);
    const may = async (caller: string, callee: string) => {
      const question = {
        subject: { type: 'service', id: named(caller) },
        action: { name: 'call' },
        resource: { type: 'services', id: named(callee) },
      };
      return (await ask(question)).body.decision;
    };
    expect(await may('shop', 'billing')).toBe(true);
    expect(await may('billing', 'shop')).toBe(false);
    expect(await may('shop', 'reports')).toBe(false);
    expect(await may('nobody', 'billing')).toBe(false);
  });
});
