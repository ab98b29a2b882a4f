import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addMailPerson,
  askedForCode,
  askedForLink,
  BY_CODE,
  BY_LINK,
  setRules,
} from '../../../../test/mail-sign-in.fixture.ts';
import { addCaller, addTenant } from '../../../../test/people.fixture.ts';
import { addOwner, CHANGE, signedIn } from '../../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { call, PASSWORD } from '../../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('what waits in a mailbox to sign in by', () => {
  it('ends with a new password, links and codes', async () => {
    const person = await addMailPerson(gatehouse);
    const thief = gatehouse.browser();
    const token = await askedForLink(gatehouse, person.email, thief);
    const code = await askedForCode(gatehouse, person.email, thief);
    const owner = await signedIn(gatehouse, person);
    const changed = await owner.post(CHANGE, { currentPassword: PASSWORD, newPassword: 'Other-Pass-77' });
    expect(changed.status, changed.text).toBe(200);
    expect((await thief.post(BY_CODE, { email: person.email, code })).status).toBe(401);
    expect((await thief.post(BY_LINK, { token })).status).toBe(400);
  });
  it('ends where an administrator ends all sessions', async () => {
    const person = await addMailPerson(gatehouse);
    const admin = await addCaller(gatehouse, person.tenantId, 'admin');
    const thief = gatehouse.browser();
    const token = await askedForLink(gatehouse, person.email, thief);
    await admin.post(`/users/${person.userId}/sessions/end`);
    const answer = await thief.post(BY_LINK, { token });
    expect(answer.status).toBe(400);
  });
});

describe('a password', () => {
  it('steps nobody up where the tenant takes its own providers only', async () => {
    const tenant = await addTenant(gatehouse);
    const person = await addOwner(gatehouse, { tenantId: tenant, roles: ['admin'] });
    await setRules(gatehouse, tenant, { signIn: { policy: 'restricted' } });
    const answer = await call(gatehouse, person.token, {
      method: 'POST',
      url: '/api/v1/auth/step-up',
      body: { password: PASSWORD },
    });
    expect(JSON.parse(answer.text)).toMatchObject({ status: 403, code: 'auth.sso_required' });
  });
});
