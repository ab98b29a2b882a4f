import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { call, signIn } from '../../../test/standing/people.fixture.ts';
import type { OpenedSession } from '../auth/open-session.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const activeAdministrators = (tenantId: string) =>
  gatehouse.sql<{ id: string }>(
    `select u.id from gatehouse.users u
       join gatehouse.memberships m on m.user_tenant_id = u.tenant_id and m.user_id = u.id and m.tenant_id = u.tenant_id
       join gatehouse.role_assignments a on a.tenant_id = m.tenant_id and a.principal_id = m.id
       join gatehouse.principals p on p.tenant_id = m.tenant_id and p.id = m.id
     where u.tenant_id = $1 and u.status = 'active' and p.status = 'active'`,
    [tenantId],
  );

describe('administrators who remove each other at the same moment', () => {
  it.each([
    ['suspend', (by: Caller, of: Caller) => by.post(`/users/${of.userId}/suspend`)],
    ['delete', (by: Caller, of: Caller) => by.delete(`/users/${of.userId}`)],
  ] as const)('%s each other, and one is left', async (_name, remove) => {
    for (let round = 1; round <= 5; round += 1) {
      const tenantId = await addTenant(gatehouse);
      const people: Caller[] = [];
      for (let n = 1; n <= 6; n += 1) people.push(await addCaller(gatehouse, tenantId, 'admin'));
      const answers = await Promise.all(
        people.map((person, n) => remove(person, people[(n + 1) % people.length] ?? person)),
      );
      // 401: was removed before its own request was judged.
      for (const { status } of answers) expect([200, 204, 401, 409]).toContain(status);
      expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThan(0);
      expect((await activeAdministrators(tenantId)).length).toBeGreaterThanOrEqual(1);
    }
  });

  it('a platform administrator who suspends all of them at once is refused for exactly one', async () => {
    const platform = await gatehouse.admin();
    const tenantId = await addTenant(gatehouse);
    const people: Caller[] = [];
    for (let n = 1; n <= 8; n += 1) people.push(await addCaller(gatehouse, tenantId, 'admin'));
    const answers = await Promise.all(
      people.map(({ userId }) => platform.post(`/api/v1/tenants/${tenantId}/users/${userId}/suspend`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(answers.filter(({ body }) => body.code === 'users.last_administrator')).toHaveLength(1);
    expect(await activeAdministrators(tenantId)).toHaveLength(1);
  });

  it('one who gives a role away while another is suspended leaves one', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const tenantId = await addTenant(gatehouse);
      const [one, two] = [
        await addCaller(gatehouse, tenantId, 'admin'),
        await addCaller(gatehouse, tenantId, 'admin'),
      ];
      const [assignment] = await gatehouse.sql<{ id: string }>(
        'select id from gatehouse.role_assignments where principal_id = $1',
        [two.principalId],
      );
      await Promise.all([
        one.delete(`/role-assignments/${assignment?.id}`),
        two.post(`/users/${one.userId}/suspend`),
      ]);
      expect(await activeAdministrators(tenantId)).toHaveLength(1);
    }
  });
});

describe('a sign-in at the moment in which the user', () => {
  it.each([
    ['is suspended', (by: Caller, of: Caller) => by.post(`/users/${of.userId}/suspend`)],
    ['is deleted', (by: Caller, of: Caller) => by.delete(`/users/${of.userId}`)],
  ] as const)(
    '%s is refused like a wrong password or leaves a session that is worth nothing',
    async (_name, act) => {
      const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
      for (let round = 1; round <= 15; round += 1) {
        const person = await addCaller(gatehouse, admin.tenantId);
        // Past the password, whose hash would take longer than the moment that is meant.
        const signIns = Array.from({ length: 8 }, async (_, n) => {
          await setTimeout(n * 4);
          return signIn(gatehouse, person.tenantId, person.userId);
        });
        const [acted, ...opened] = await Promise.allSettled([act(admin, person), ...signIns]);
        expect(acted).toMatchObject({ status: 'fulfilled', value: { status: expect.toBeOneOf([200, 204]) } });
        for (const attempt of opened)
          expect(['auth.invalid_credentials', 401]).toContain(await worthOf(attempt));
      }
    },
  );

  /** Why there is no session, or what one that was opened is answered. */
  const worthOf = async (attempt: PromiseSettledResult<OpenedSession>): Promise<unknown> => {
    if (attempt.status === 'rejected') return (attempt.reason as { code?: string }).code;
    return (await call(gatehouse, attempt.value.accessToken, { method: 'GET', url: '/api/v1/auth/me' }))
      .status;
  };
});

describe('one address, many requests', () => {
  it('is added once to a tenant by twenty requests at the same moment', async () => {
    const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => admin.post('/users', { email: 'wanted@example.com', name: 'Wanted' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'users.email_in_use')).toHaveLength(19);
    expect((await gatehouse.deliverMail()).filter((mail) => mail.to === 'wanted@example.com')).toHaveLength(
      1,
    );
  });

  it('is proved by the links of eight tenants at the same moment, and enters one account [threat 23]', async () => {
    const email = 'proved@example.com';
    for (let n = 1; n <= 8; n += 1) {
      const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
      expect((await admin.post('/users', { email, name: 'Proved' })).status).toBe(201);
    }
    const links = (await gatehouse.deliverMail()).filter((mail) => mail.to === email).map(tokenIn);
    expect(links).toHaveLength(8);
    const answers = await Promise.all(
      links.map((token) =>
        gatehouse.browser().post('/api/v1/auth/password/set', { token, password: 'Choose-Well-1' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'users.email_in_use')).toHaveLength(7);
    expect(
      await gatehouse.sql('select from gatehouse.login_identifiers where email_key = $1', [email]),
    ).toHaveLength(1);
    expect(
      await gatehouse.sql(`select from gatehouse.users where email = $1 and status = 'active'`, [email]),
    ).toHaveLength(1);
  });

  it('gets links again and again at the same moment, and one of them is good', async () => {
    const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const { body } = await admin.post('/users', { email: 'links@example.com', name: 'Links' });
    await Promise.all(Array.from({ length: 8 }, () => admin.post(`/users/${String(body.id)}/resend-link`)));
    const mails = (await gatehouse.deliverMail()).filter((mail) => mail.to === 'links@example.com');
    expect(mails).toHaveLength(9);
    const open = await gatehouse.sql(
      'select from gatehouse.one_time_tokens where subject_id = $1 and consumed_at is null',
      [body.id],
    );
    expect(open).toHaveLength(1);
    const answers: number[] = [];
    for (const mail of mails) {
      const answer = await gatehouse
        .browser()
        .post('/api/v1/auth/password/set', { token: tokenIn(mail), password: 'Choose-Well-1' });
      answers.push(answer.status);
    }
    expect(answers.filter((status) => status === 204)).toHaveLength(1);
    expect(answers.filter((status) => status === 400)).toHaveLength(8);
  });
});
