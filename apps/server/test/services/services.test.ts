import { setTimeout as delay } from 'node:timers/promises';
import { createGatehouse, type Gatehouse } from '@gatehouse/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_TENANT, type TenantId } from '../../src/platform/ids.ts';
import { makeApiKey } from '../api-keys.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../people.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { addService } from '../services.fixture.ts';
import { signIn } from '../standing/people.fixture.ts';
import { listenAnywhere } from '../standing/socket.fixture.ts';
import { FRAMEWORKS, type Service } from './serving.fixture.ts';

/** Services compare times with their own clock, which nobody can move for them. */
const clock = { now: () => new Date(), advance: () => undefined };
let gatehouse: TestServer;
let platform: Caller;
let tenantId: TenantId;
let admin: Caller;
/** How the network stands between services and Gatehouse. */
const cut = new AbortController();
let isClosed = false;
const sides: Gatehouse[] = [];
const services: Service[] = [];

beforeAll(async () => {
  gatehouse = await startServer({ clock });
  // The log is looked at, as in a process that serves.
  gatehouse.server.startJobs();
  const port = await listenAnywhere(gatehouse.server.app);
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
  const service = await addService(gatehouse, platform, { roles: ['PLATFORM_ADMIN'] });
  for (const serve of Object.values(FRAMEWORKS)) {
    const side = createGatehouse({
      issuer: gatehouse.config.publicUrl,
      tenants: 'all',
      url: `http://127.0.0.1:${port}`,
      credentials: { clientId: service.clientId, clientSecret: service.secret },
      fetch(url, init) {
        if (!url.includes('/revocations')) return fetch(url, init);
        const signals = [cut.signal, ...(init.signal ? [init.signal] : [])];
        return fetch(url, { ...init, signal: AbortSignal.any(signals) });
      },
    });
    sides.push(side);
    services.push(await serve(side, 'tickets:read'));
  }
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
  if (!isClosed) await gatehouse.close();
});

const statusOf = async ({ url }: Service, { token }: Pick<Caller, 'token'>) =>
  (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
const statusesOf = (caller: Pick<Caller, 'token'>) =>
  Promise.all(services.map((service) => statusOf(service, caller)));
const ALL = (status: number) => services.map(() => status);

/** Lets somebody come back with a new token, which their services let in. */
const renewed = (caller: Caller) =>
  expect
    .poll(async () => {
      caller.token = (await signIn(gatehouse, tenantId, caller.userId)).accessToken;
      return statusesOf(caller);
    })
    .toEqual(ALL(200));

/** Milliseconds from the answer to the act until each service has refused the caller, and goes on refusing. */
async function refusedAfter(
  caller: Pick<Caller, 'token'>,
  act: () => Promise<{ status: number }>,
): Promise<number> {
  expect(await statusesOf(caller)).toEqual(ALL(200));
  expect([200, 204]).toContain((await act()).status);
  const done = performance.now();
  const delays = services.map(async (service) => {
    for (;;) {
      const sentAt = performance.now();
      const status = await statusOf(service, caller);
      if (status === 401 || status === 403) return sentAt - done;
      if (status !== 200 || sentAt - done > 5000) throw new Error(`${status} after ${sentAt - done} ms`);
      await delay(10);
    }
  });
  const last = Math.max(...(await Promise.all(delays)));
  expect(await statusesOf(caller)).not.toContain(200);
  return last;
}

describe('what was ended, suspended or taken', () => {
  it('is refused within a second by services of every framework, and anybody else is not [threat 43] [threat 44]', async () => {
    const person = () => addCaller(gatehouse, tenantId, 'SUPPORT_AGENT');
    const [bystander, session, user, role] = [await person(), await person(), await person(), await person()];
    const other = await addTenant(gatehouse);
    const inside = await addCaller(gatehouse, other, 'SUPPORT_AGENT');
    await expect.poll(() => sides.every((side) => side.isFresh())).toBe(true);
    const own = await admin.post('/roles', { name: 'desk', title: 'Desk', permissions: ['tickets:read'] });
    const desk = await addCaller(gatehouse, tenantId);
    const given = { principalId: desk.principalId, role: 'desk' };
    expect((await admin.post('/role-assignments', given)).status).toBe(201);
    // Whoever renews in the very second of the change is refused once more, as soon as the services have heard of it.
    await expect.poll(() => statusesOf(desk)).toEqual(ALL(401));
    await renewed(desk);
    const script = await makeApiKey(gatehouse, admin, { scopes: ['tickets:read'] });
    const owner = await addCaller(gatehouse, tenantId, 'admin');
    const ofOwner = await makeApiKey(gatehouse, owner, { scopes: ['tickets:read'] });
    const less = await makeApiKey(gatehouse, admin, { scopes: ['users:read'] });
    expect(await statusesOf({ token: less.key })).toEqual(ALL(403));
    expect(await statusesOf({ token: `${script.key.slice(0, -1)}x` })).toEqual(ALL(401));
    const delays = {
      session: await refusedAfter(session, () => session.post('/auth/logout', {})),
      user: await refusedAfter(user, () => admin.post(`/users/${user.userId}/suspend`)),
      role: await refusedAfter(role, async () => {
        const held = itemsOf(await admin.get(`/role-assignments?principalId=${role.principalId}`));
        return admin.delete(`/role-assignments/${String(held[0]?.id)}`);
      }),
      permission: await refusedAfter(desk, () =>
        admin.patch(`/roles/${String(own.body.id)}`, { permissions: ['accounts:read'] }),
      ),
      key: await refusedAfter({ token: script.key }, () => admin.delete(`/api-keys/${script.id}`)),
      owner: await refusedAfter({ token: ofOwner.key }, () => admin.post(`/users/${owner.userId}/suspend`)),
      tenant: await refusedAfter(inside, () => platform.post(`/tenants/${other}/suspend`)),
    };
    expect(Math.max(...Object.values(delays)), JSON.stringify(delays)).toBeLessThanOrEqual(1000);
    expect(await statusesOf(bystander)).toEqual(ALL(200));
    expect(await statusesOf({ token: `${bystander.token}x` })).toEqual(ALL(401));
  });

  it('is known by the next token: who renews comes back, with the roles that they hold now', async () => {
    const person = await addCaller(gatehouse, tenantId);
    expect(await statusesOf(person)).toEqual(ALL(403));
    const given = { principalId: person.principalId, role: 'SUPPORT_AGENT' };
    expect((await admin.post('/role-assignments', given)).status).toBe(201);
    await expect.poll(() => statusesOf(person)).toEqual(ALL(401));
    await renewed(person);
  });
});

describe('with the feed cut', () => {
  it('and Gatehouse is asked, and when it is gone the answer is 503 [threat 43]', async () => {
    const [stays, goes] = [
      await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT'),
      await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT'),
    ];
    expect(await statusesOf(stays)).toEqual(ALL(200));
    // The streams that stand open break off; the next ones do not come about.
    cut.abort();
    await expect.poll(() => sides.some((side) => side.isFresh())).toBe(false);
    expect(await refusedAfter(goes, () => goes.post('/auth/logout', {}))).toBeLessThanOrEqual(1000);
    expect(await statusesOf(stays)).toEqual(ALL(200));

    isClosed = true;
    await gatehouse.close();
    await expect.poll(() => statusesOf(stays)).toEqual(ALL(503));
    const { headers } = await fetch(services[0]!.url, {
      headers: { authorization: `Bearer ${stays.token}` },
    });
    expect(headers.get('retry-after')).toBe('2');
  });
});
