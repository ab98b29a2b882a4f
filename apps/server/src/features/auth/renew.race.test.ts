import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
import { addTenant } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson } from '../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('two hundred renewals of one token at once [threat 55]', () => {
  it('make one successor: everybody holds the same, nobody is signed out, no second token lives', async () => {
    const browser = await gatehouse.admin();
    const tabs = Array.from({ length: 200 }, () => browser.clone());
    const answers = await Promise.all(tabs.map((tab) => tab.post('/api/v1/auth/refresh')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const successors = new Set(tabs.map((tab) => tab.cookies.get('__Secure-gh.console.rt')));
    expect(successors.size).toBe(1);
    expect((await tabs[7]?.get('/api/v1/auth/me'))?.status).toBe(200);
    const [session] = await gatehouse.sql<{ generation: number }>(
      'select generation from gatehouse.sessions where ended_at is null',
    );
    expect(session?.generation).toBe(1);
  });

  it('end the family after the window, with the successor in flight', async () => {
    const browser = await gatehouse.admin();
    const stale = browser.clone();
    await browser.post('/api/v1/auth/refresh');
    gatehouse.clock.advance({ seconds: 31 });
    const [good, bad] = await Promise.all([
      browser.post('/api/v1/auth/refresh'),
      stale.post('/api/v1/auth/refresh'),
    ]);
    expect(bad.status).toBe(401);
    expect([200, 401]).toContain(good.status);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
  });

  it('outlive a restart: what was spent stays spent [threat 56]', async () => {
    const first = await startServer();
    const name = new URL(
      first.databaseUrl.replace(/^postgres(ql)?:/, 'http:').replace('@/', '@localhost/'),
    ).pathname.slice(1);
    const browser = await first.admin();
    const old = browser.clone();
    await browser.post('/api/v1/auth/refresh');
    await browser.post('/api/v1/auth/refresh');
    await first.server.close();
    const second = await startServer({ database: name, clock: first.clock });
    try {
      const thief = second.browser();
      for (const [cookie, value] of old.cookies) thief.cookies.set(cookie, value);
      expect((await thief.post('/api/v1/auth/refresh')).status).toBe(401);
    } finally {
      await second.close();
    }
  });
});

describe('renewals of many sessions at once (ADR 0069)', () => {
  /** Forty people of four tenants, each in a browser of their own. */
  async function crowd() {
    const tenants = await Promise.all(Array.from({ length: 4 }, () => addTenant(gatehouse)));
    const people = [];
    for (const at of Array.from({ length: 40 }).keys()) {
      const tenantId = tenants[at % tenants.length] ?? '';
      const person = await addPerson(gatehouse, tenantId as (typeof tenants)[number], ['admin_viewer']);
      const browser = gatehouse.browser();
      browser.cookies.set('__Secure-gh.console.rt', person.opened.refreshToken);
      people.push({ ...person, tenantId, browser, sessionId: person.opened.sessionId });
    }
    return people;
  }
  const sidOf = (browser: { cookies: Map<string, string> }) => {
    const [, claims = ''] = browser.cookies.get('__Host-gh.console.at')?.split('.') ?? [];
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string }).sid;
  };

  it('give everybody their own, and each the answer that is theirs [threat 9]', async () => {
    const people = await crowd();
    const [suspended, spent, gone] = people;
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [suspended?.userId]);
    await gatehouse.sql('update gatehouse.sessions set generation = 7 where id = $1', [spent?.sessionId]);
    await gatehouse.sql('delete from gatehouse.sessions where id = $1', [gone?.sessionId]);
    const answers = await Promise.all(
      people.map(async (person) => ({ person, answer: await person.browser.post('/api/v1/auth/refresh') })),
    );
    expect(answers.slice(0, 3).map(({ answer }) => answer.body.code)).toEqual(
      [suspended, spent, gone].map(() => 'auth.session_expired'),
    );
    for (const { person, answer } of answers.slice(3)) {
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body.user).toMatchObject({ id: person.userId, tenantId: person.tenantId });
      expect(sidOf(person.browser)).toBe(person.sessionId);
      const me = await person.browser.get('/api/v1/auth/me');
      expect(me.body.user).toMatchObject({ id: person.userId });
    }
  });

  it('wait for none whose row somebody else holds, and it is renewed when they let go', async () => {
    const people = await crowd();
    const [held] = people;
    await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query('select from gatehouse.sessions where id = $1 for update', [held?.sessionId]);
      const waiting = held?.browser.post('/api/v1/auth/refresh');
      for (let round = 0; round < 2; round += 1) {
        const others = people.slice(1).map(({ browser }) => browser.post('/api/v1/auth/refresh'));
        expect(new Set((await Promise.all(others)).map(({ status }) => status))).toEqual(new Set([200]));
      }
      expect(await Promise.race([waiting, delay(10, 'still waiting')])).toBe('still waiting');
      await client.query('commit');
      expect((await waiting)?.status).toBe(200);
    });
  });

  it("stand in nobody's way who ends the sessions of a tenant", async () => {
    const people = await crowd();
    const { tenantId } = people[0] ?? { tenantId: '' };
    const admin = await gatehouse.admin();
    const renewals = people.map(({ browser }) => browser.post('/api/v1/auth/refresh'));
    const ended = await admin.post(`/api/v1/tenants/${tenantId}/suspend`, {});
    expect(ended.status, ended.text).toBe(200);
    for (const answer of await Promise.all(renewals)) expect([200, 401]).toContain(answer.status);
    for (const person of people) {
      const answer = await person.browser.post('/api/v1/auth/refresh');
      expect(answer.status).toBe(person.tenantId === tenantId ? 401 : 200);
    }
  });
});
