import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import {
  addOwner,
  canSignIn,
  CHANGE_EMAIL,
  freshAddress,
  LOGIN,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';
import { addressIndex } from '../../platform/address-index.ts';
import { emailKey } from '../../platform/email.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { throttleKey } from '../auth/index.ts';

let gatehouse: TestServer;
let tenant: TenantId;
let admin: Caller;
let host: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenant = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenant, 'admin');
  host = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
});
afterAll(() => gatehouse.close());

/** What there is of an address outside of the tenant that erases. */
async function around(email: string) {
  const { deps } = gatehouse.server;
  const address = addressIndex(deps.blindIndex, email);
  const counter = deps.blindIndex.of('mail address', emailKey(email)).toString('base64url');
  const count = async (from: string, values: unknown[]) =>
    (await gatehouse.sql(`select from gatehouse.${from}`, values)).length;
  return {
    lock: await count('login_throttles where key = $1 and locked_until is not null', [
      throttleKey(deps, emailKey(email)),
    ]),
    registrationCounters: await count(
      `rate_limits where strpos(key, $1) > 0 and strpos(key, 'registration') > 0`,
      [counter],
    ),
    registrations: await count('one_time_tokens where tenant_id = $1 and address = $2', [
      ROOT_TENANT,
      address,
    ]),
    mail: await count('outbox where tenant_id = $1 and address = $2', [ROOT_TENANT, address]),
    invitations: itemsOf(await host.get('/invitations')).filter((item) => item.email === email).length,
    invitationMail: await count('outbox where tenant_id = $1 and address = $2', [host.tenantId, address]),
    named: (await host.get('/audit?limit=200')).text.includes(email),
  };
}

/** Somebody with an account whose address is locked, invited elsewhere, and who had begun to register before there was the account. */
async function addVictim() {
  const email = freshAddress();
  const browser = gatehouse.browser();
  const registration = { email, password: PASSWORD, name: 'A Person', tenantName: 'Another' };
  expect((await browser.post('/api/v1/auth/register', registration)).status).toBeLessThan(300);
  const victim = await addOwner(gatehouse, { email });
  for (let n = 0; n < 5; n += 1) await browser.post(LOGIN, { email, password: 'Wrong-Pass-1' });
  expect((await host.post('/invitations', { email })).status).toBe(201);
  const before = await around(email);
  expect(before).toEqual({
    lock: 1,
    registrationCounters: 2,
    registrations: 1,
    mail: 1,
    invitations: 1,
    invitationMail: 1,
    named: true,
  });
  return { ...victim, before };
}

/** Types of the mail to an address that waits in the tenant that erases. */
const mailHere = async (email: string) =>
  (
    await gatehouse.sql<{ type: string }>(
      'select type from gatehouse.outbox where tenant_id = $1 and address = $2',
      [tenant, addressIndex(gatehouse.server.deps.blindIndex, email)],
    )
  ).map(({ type }) => type);

describe('erasing somebody whose address nobody proved', () => {
  it('leaves its owner the lock, counters, registration, mail and invitations elsewhere [threat 53]', async () => {
    const { email, before } = await addVictim();
    const added = await admin.post('/users', { email, name: 'Not Theirs' });
    expect(added.status, added.text).toBe(201);
    expect(await mailHere(email)).not.toEqual([]);
    expect((await admin.post(`/users/${String(added.body.id)}/erase`)).status).toBe(204);
    expect(await around(email)).toEqual(before);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    // Here it is forgotten all the same.
    expect(await mailHere(email)).toEqual(['account_erased']);
    expect((await admin.get('/audit?limit=200')).text).not.toContain(email);
  });

  it('takes an invitation into the same tenant along', async () => {
    const email = freshAddress();
    expect((await admin.post('/invitations', { email })).status).toBe(201);
    const added = await admin.post('/users', { email, name: 'Both Ways' });
    expect(added.status, added.text).toBe(201);
    expect((await admin.post(`/users/${String(added.body.id)}/erase`)).status).toBe(204);
    expect(itemsOf(await admin.get('/invitations')).filter((item) => item.email === email)).toEqual([]);
    expect(await mailHere(email)).toEqual(['account_erased']);
    expect((await admin.get('/audit?limit=200')).text).not.toContain(email);
    const links = await gatehouse.sql('select from gatehouse.one_time_tokens where address = $1', [
      addressIndex(gatehouse.server.deps.blindIndex, email),
    ]);
    expect(links).toEqual([]);
  });
});

describe('erasing oneself before a new address is confirmed', () => {
  it('leaves its owner everything elsewhere, and takes the mail here along [threat 53]', async () => {
    const { email, before } = await addVictim();
    const own = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, { email: own.email });
    const asked = await browser.post(CHANGE_EMAIL, { newEmail: email, password: PASSWORD });
    expect(asked.status, asked.text).toBeLessThan(300);
    expect(await mailHere(email)).toEqual(['change_email']);
    expect((await browser.post('/api/v1/account/erase')).status).toBe(204);
    expect(await around(email)).toEqual(before);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    expect(await mailHere(email)).toEqual([]);
  });
});

describe('erasing somebody whose address was proved', () => {
  it('reaches the lock, counters, registration, mail and invitations in every tenant', async () => {
    const { email, tenantId, userId } = await addVictim();
    const boss = await addCaller(gatehouse, tenantId, 'admin');
    expect((await boss.post(`/users/${userId}/erase`)).status).toBe(204);
    expect(await around(email)).toEqual({
      lock: 0,
      registrationCounters: 0,
      registrations: 0,
      mail: 0,
      invitations: 0,
      invitationMail: 0,
      named: false,
    });
  });
});
