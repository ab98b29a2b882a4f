import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { listenAnywhere, requestText, sendRaw } from '../../../test/standing/socket.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../ids.ts';

const ASSIGN = '/role-assignments';
const nothing = async () => undefined;
let gatehouse: TestServer;
let port: number;
let acme: TenantId;
let admin: Caller;
/** Begins a change, and then holds back its last byte. */
let sender: Caller;
let friend: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  port = await listenAnywhere(gatehouse.server.app);
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  acme = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, acme, 'admin');
  sender = await addCaller(gatehouse, acme, 'admin');
  friend = await addCaller(gatehouse, acme);
});

/** The head is judged before `meanwhile`, and the body is late after it: real time, which the test's clock does not move. */
async function postLate(path: string, body: object, meanwhile: () => Promise<unknown>, isChunked = false) {
  const json = JSON.stringify(body);
  const headers = { authorization: `Bearer ${sender.token}`, 'content-type': 'application/json' };
  const target = `/api/v1${path}`;
  const text = isChunked
    ? `${requestText('POST', target, { ...headers, 'transfer-encoding': 'chunked' })}${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`
    : requestText('POST', target, headers, json);
  const answer = await sendRaw(port, text, async () => {
    await delay(300);
    await meanwhile();
    await delay(300);
  });
  return { status: answer.status, code: (JSON.parse(answer.body) as { code?: string }).code };
}
const toFriend = () => ({ principalId: friend.principalId, role: 'admin' });
const rolesOfFriend = async () =>
  itemsOf(await admin.get(`${ASSIGN}?principalId=${friend.principalId}`)).map(({ role }) => role);

const suspend = () => admin.post(`/users/${sender.userId}/suspend`);
const endSession = () => sender.delete(`/sessions/${sender.opened.sessionId}`);
async function takeRoles(by: Caller) {
  const held = itemsOf(await by.get(`${ASSIGN}?principalId=${sender.principalId}`));
  expect(held).toHaveLength(1);
  return by.delete(`${ASSIGN}/${String(held[0]?.id)}`);
}

describe('a change whose last byte comes late', () => {
  it.each([
    ['the user is suspended', suspend, 401, 'auth.session_expired'],
    ['the role is taken away', () => takeRoles(admin), 403, 'access.denied'],
    ['the session is ended', endSession, 401, 'auth.session_expired'],
  ])('does nothing when %s before it [threat 44]', async (_when, happen, status, code) => {
    for (const isChunked of [false, true]) {
      if (isChunked) sender = await addCaller(gatehouse, acme, 'admin');
      const happened = async () => expect([200, 204]).toContain((await happen()).status);
      expect(await postLate(ASSIGN, toFriend(), happened, isChunked)).toEqual({ status, code });
      expect(await rolesOfFriend()).toEqual([]);
    }
  });

  it('leaves the denial on record, like every denial', async () => {
    await postLate(ASSIGN, toFriend(), () => takeRoles(admin));
    expect(
      itemsOf(await admin.get(`/audit?action=authorization_denied&actor=${sender.userId}`)),
    ).toMatchObject([
      {
        resource: { type: 'route', id: 'POST /api/v1/role-assignments' },
        after: { permission: 'roles:assign' },
      },
    ]);
  });

  it('enters the tenant of its path anew, and finds none when it may no longer', async () => {
    sender = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const other = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN', 'admin');
    const email = `${sender.userId}@example.com`;
    const users = `/tenants/${acme}/users`;
    const late = await postLate(users, { email, name: 'Late' }, () => takeRoles(other));
    expect(late).toEqual({ status: 404, code: 'resource.not_found' });
    expect(JSON.stringify(itemsOf(await admin.get('/users')))).not.toContain(email);
    sender = other;
    expect((await postLate(users, { email, name: 'Late' }, nothing)).status).toBe(201);
  });

  it('is done for whoever still may, and permitted once in the decision log', async () => {
    for (const isChunked of [false, true]) {
      friend = await addCaller(gatehouse, acme);
      expect((await postLate(ASSIGN, toFriend(), nothing, isChunked)).status).toBe(201);
      expect(await rolesOfFriend()).toEqual(['admin']);
    }
    const later = await sender.post('/users', { email: `${sender.userId}@example.com`, name: 'Later' });
    expect(later.status).toBe(201);
    const permitted = () =>
      gatehouse.sql<{ resource: string }>(
        'select resource from gatehouse.decisions where principal_id = $1',
        [sender.principalId],
      );
    // Written in batches, in order.
    await expect.poll(permitted).toContainEqual({ resource: 'POST /api/v1/users' });
    expect(
      (await permitted()).filter(({ resource }) => resource === 'POST /api/v1/role-assignments'),
    ).toHaveLength(2);
  });
});
