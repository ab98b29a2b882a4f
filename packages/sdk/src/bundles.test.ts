import { permissions, signedIn } from '@gatehouse/contracts';
import { type GatehouseDouble, startGatehouseDouble } from '@gatehouse/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from './caller.ts';
import { createGatehouse, type Gatehouse } from './gatehouse.ts';
import { AccessProblem } from './problem.ts';

let double: GatehouseDouble;
let gatehouse: Gatehouse;
beforeEach(async () => {
  double = await startGatehouseDouble();
  gatehouse = createGatehouse({
    issuer: double.issuer,
    tenants: 'all',
    credentials: () => 'own',
    timeout: 0.5,
  });
  await gatehouse.start();
});
afterEach(async () => {
  await gatehouse.close();
  await double.close();
});

async function statusOf(permission: string, token: string): Promise<number> {
  try {
    await gatehouse.admit(permissions(permission), { authorization: `Bearer ${token}` });
    return 200;
  } catch (error) {
    if (!(error instanceof AccessProblem)) throw error;
    return error.status;
  }
}
const asked = (tenant = 'tenant-1') => double.asked.get(`/api/v1/tenants/${tenant}/bundle`) ?? 0;
const callerOf = async (token: string) =>
  (await gatehouse.admit(signedIn(), { authorization: `Bearer ${token}` })) as Caller;

describe('what roles hold', () => {
  it('is what the bundle of the caller’s tenant says, roles of its own among them, and is fetched once', async () => {
    double.roles = { desk: ['tickets:read', 'billing:invoices:read'] };
    const token = double.token({ roles: ['desk'] });
    expect(await statusOf('billing:invoices:read', token)).toBe(200);
    expect(await statusOf('tickets:read', token)).toBe(200);
    expect(await statusOf('users:read', token)).toBe(403);
    // The built-in name is nothing where the bundle does not have it.
    expect(await statusOf('users:read', double.token({ roles: ['admin', 'constructor', '__proto__'] }))).toBe(
      403,
    );
    expect(asked()).toBe(1);
    expect(await statusOf('tickets:read', double.token({ roles: ['desk'], tenant_id: 'tenant-2' }))).toBe(
      200,
    );
    expect(asked('tenant-2')).toBe(1);
  });

  it('is fetched anew before the next decision, once the feed says that it has changed', async () => {
    double.roles = { desk: ['tickets:read'] };
    const token = double.token({ roles: ['desk'] });
    expect(await statusOf('tickets:read', token)).toBe(200);
    double.roles = { desk: [] };
    double.revoke([], undefined, 'access');
    await expect.poll(() => statusOf('tickets:read', token)).toBe(403);
    double.roles = { desk: ['tickets:read'] };
    double.revoke([], undefined, 'access');
    await expect.poll(() => statusOf('tickets:read', token)).toBe(200);
    // Nothing changes any more: what is fetched again for a while is found to be the same, and then it is not fetched.
    await expect
      .poll(async () => {
        const before = asked();
        for (let count = 0; count < 3; count += 1) await statusOf('tickets:read', token);
        return asked() - before;
      })
      .toBe(0);
  });

  it('is 503 where it cannot be fetched or is not Gatehouse’s, and 403 in a tenant that is not served', async () => {
    double.roles = { desk: ['tickets:read'] };
    for (const tenant of ['broken', 'of-another', 'unsigned', 'a-token'])
      expect(
        await statusOf('tickets:read', double.token({ roles: ['desk'], tenant_id: tenant })),
        tenant,
      ).toBe(503);
    const elsewhere = double.token({ roles: ['desk'], tenant_id: 'unserved' });
    for (let count = 0; count < 20; count += 1) expect(await statusOf('tickets:read', elsewhere)).toBe(403);
    expect(asked('unserved')).toBeLessThan(3);
  });
});

describe('a decision about a resource', () => {
  const about = (owner: string) => ({
    action: { name: 'read' },
    resource: { type: 'billing:invoices', id: 'i-1', properties: { owner } },
  });

  it('is made in process by the policies of the tenant, with its reasons', async () => {
    double.policies = [
      {
        id: 'own',
        name: 'own',
        version: 1,
        rules: [
          {
            id: 'own-invoices',
            effect: 'allow',
            resource: 'billing:invoices',
            actions: ['read'],
            when: 'resource.properties.owner == subject.id',
          },
        ],
      },
    ];
    const caller = await callerOf(double.token({ roles: [] }));
    expect(await gatehouse.decide(caller, about('user-1'))).toMatchObject({
      decision: true,
      reasons: [{ kind: 'rule', rule: 'own-invoices' }],
    });
    // The bundle is there now, so that the answer is.
    expect(gatehouse.decide(caller, about('user-2'))).toMatchObject({ decision: false });
  });

  it('is no for whoever has no tenant', () => {
    const nobody = {
      kind: 'internal',
      id: 'internal',
      tenantId: '',
      roles: [],
      scopes: [],
      amr: [],
      claims: {},
    };
    expect(gatehouse.decide(nobody as unknown as Caller, about('user-1'))).toMatchObject({ decision: false });
  });
});
