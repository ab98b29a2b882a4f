import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from './people.fixture.ts';

const REQUESTS = 3000;
const AT_ONCE = 24;

/** Decisions are made for one session and kept for none other. */
describe('interleaved sessions', () => {
  let gatehouse: TestServer;
  let strong: Person;
  let weak: Person;
  beforeAll(async () => {
    gatehouse = await startServer();
    const { tenantId } = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    strong = await addPerson(gatehouse, tenantId, ['admin']);
    weak = await addPerson(gatehouse, tenantId, ['SALES_REP']);
  });
  afterAll(() => gatehouse.close());

  const audit = (person: Person) =>
    call(gatehouse, person.token, { method: 'GET', url: '/api/v1/audit?limit=1' });

  it('of one tenant with different roles never get each other’s decision or name, in thousands of requests [threat 13]', async () => {
    let left = REQUESTS;
    const leaks: string[] = [];
    const counts = { permitted: 0, denied: 0 };
    const one = async (turn: number) => {
      const person = turn % 2 === 0 ? strong : weak;
      if (turn % 3 === 0) {
        const me = await call(gatehouse, person.token, { method: 'GET', url: '/api/v1/auth/me' });
        if ((me.body.user as { id: string }).id !== person.userId) leaks.push(`me of ${person.email}`);
        if (JSON.stringify(me.body.roles) !== JSON.stringify(person.roles))
          leaks.push(`roles of ${person.email}`);
        return;
      }
      const { status } = await audit(person);
      if (status !== (person === strong ? 200 : 403)) leaks.push(`${status} for ${person.email}`);
      if (status === 200) counts.permitted += 1;
      if (status === 403) counts.denied += 1;
    };
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left > 0) await one((left -= 1));
      }),
    );
    expect(leaks).toEqual([]);
    expect(counts.permitted).toBeGreaterThan(REQUESTS / 4);
    expect(counts.denied).toBeGreaterThan(REQUESTS / 4);
  });

  it('see a role that was given or taken at their very next request', async () => {
    const asStrong = (method: 'POST' | 'DELETE', url: string, body?: unknown) =>
      call(gatehouse, strong.token, { method, url: `/api/v1/role-assignments${url}`, body });
    expect((await audit(weak)).status).toBe(403);
    const given = await asStrong('POST', '', { principalId: weak.principalId, role: 'admin_viewer' });
    expect(given.status).toBe(201);
    expect((await audit(weak)).status).toBe(200);
    expect((await asStrong('DELETE', `/${String(given.body.id)}`)).status).toBe(204);
    expect((await audit(weak)).status).toBe(403);
  });
});
