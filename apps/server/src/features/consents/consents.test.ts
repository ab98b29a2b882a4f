import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, allPages, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenant: TenantId;
let person: Caller;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenant = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenant, 'admin');
});
afterAll(() => gatehouse.close());

const NEWS = { purpose: 'product-news', version: '2026-11' };
const grant = (of: Caller, consent: object = NEWS) => of.post('/account/consents', consent);
const withdraw = (of: Caller, purpose = NEWS.purpose) => of.post('/account/consents/withdraw', { purpose });
const states = async (of: Caller, query = '') =>
  itemsOf(await of.get(`/account/consents${query}`)).map(({ purpose, version, state, current }) =>
    [purpose, version, state, ...(current ? ['counts'] : [])].join(' '),
  );

describe('consents', () => {
  it('are a trail: what was granted and withdrawn stays, with the version, the time and from where', async () => {
    person = await addCaller(gatehouse, tenant);
    const granted = await grant(person);
    expect([granted.status, granted.body]).toMatchObject([
      201,
      { ...NEWS, userId: person.userId, state: 'granted', current: true, ip: '127.0.0.1' },
    ]);
    await grant(person, { purpose: 'usage-statistics', version: '1' });
    expect((await withdraw(person)).body).toMatchObject({ ...NEWS, state: 'withdrawn' });
    await grant(person, { ...NEWS, version: '2026-12' });
    expect(await states(person)).toEqual([
      'product-news 2026-12 granted counts',
      'product-news 2026-11 withdrawn',
      'usage-statistics 1 granted counts',
      'product-news 2026-11 granted',
    ]);
    expect(await states(person, '?current=true')).toEqual([
      'product-news 2026-12 granted counts',
      'usage-statistics 1 granted counts',
    ]);
    const pages = await allPages(person, '/account/consents', 1);
    expect(pages.flatMap(itemsOf)).toHaveLength(4);
  });

  it('are on record with the state before and after', async () => {
    const [withdrawn] = itemsOf(await admin.get('/audit?action=consent_withdrawn'));
    expect(withdrawn).toMatchObject({
      actor: { id: person.userId },
      resource: { type: 'user', id: person.userId },
      before: { ...NEWS, state: 'granted' },
      after: { ...NEWS, state: 'withdrawn' },
    });
    expect(itemsOf(await admin.get('/audit?action=consent_granted'))).toHaveLength(3);
  });

  it('do not grow by being given again, and cannot be taken back where there is none', async () => {
    const other = await addCaller(gatehouse, tenant);
    const first = await grant(other);
    const again = await grant(other);
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    expect(await states(other)).toHaveLength(1);
    expect((await withdraw(other)).status).toBe(201);
    for (const purpose of [NEWS.purpose, 'never-asked']) {
      const refused = await withdraw(other, purpose);
      expect([refused.status, refused.body.code]).toEqual([409, 'consents.not_granted']);
    }
  });

  it('decided many times at once are one line of decisions', async () => {
    const many = await addCaller(gatehouse, tenant);
    const answers = await Promise.all(Array.from({ length: 12 }, () => grant(many)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const taken = await Promise.all(Array.from({ length: 8 }, () => withdraw(many)));
    expect(taken.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await states(many)).toEqual([
      'product-news 2026-11 withdrawn counts',
      'product-news 2026-11 granted',
    ]);
  });

  it.each([
    [{ purpose: 'Product News', version: '1' }],
    [{ purpose: '', version: '1' }],
    [{ purpose: 'x'.repeat(64), version: '1' }],
    [{ purpose: 'news', version: '' }],
    [{ purpose: 'news', version: 'a b' }],
    [{ purpose: ['news'], version: '1' }],
    [{ purpose: 'news' }],
    [{ ...NEWS, userId: '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11' }],
  ])('refuse %j', async (body) => {
    const refused = await grant(person, body);
    expect([refused.status, refused.body.code]).toEqual([400, 'request.invalid']);
  });

  it('are read by administrators of the home tenant, and by nobody else', async () => {
    const path = `/users/${person.userId}/consents`;
    expect(itemsOf(await admin.get(path))).toHaveLength(4);
    expect((await person.get(path)).body.code).toBe('access.denied');
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    expect((await stranger.get(path)).status).toBe(404);
    expect((await admin.post(path, NEWS)).status).toBe(404);
  });

  it('can be changed or removed by no role of the service', async () => {
    for (const role of ['app', 'system', 'lookup', 'session', 'granter', 'sealer'])
      for (const change of [
        'delete from gatehouse.consents',
        `update gatehouse.consents set state = 'granted'`,
      ])
        await expect(
          gatehouse.sql(
            `begin; set local role gatehouse_${role}; set local gatehouse.tenant_id = '${tenant}'; ${change}; commit`,
          ),
          `${role}: ${change}`,
        ).rejects.toThrow(/permission denied/);
    expect(await states(person)).toHaveLength(4);
  });
});
