import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { HASH_QUEUE_LIMIT: '1000' } });
});
afterAll(() => gatehouse.close());

describe('parallel guesses', () => {
  it('of a hundred at once five are counted, one lock is made, and the right password comes too late', async () => {
    const wrong = Array.from({ length: 100 }, (_, i) => ({ ...ADMIN, password: `Wrong-Pass-${i}` }));
    const guesses = wrong.map((guess) => gatehouse.browser().post('/api/v1/auth/login', guess));
    const locked = Promise.any(
      guesses.map(async (guess) => (await guess).status === 423 || Promise.reject(new Error('not yet'))),
    );
    await locked;
    expect((await gatehouse.browser().post('/api/v1/auth/login', ADMIN)).status).toBe(423);
    const counts = Map.groupBy(await Promise.all(guesses), (answer) => answer.status);
    expect(counts.get(401)).toHaveLength(4);
    expect(counts.get(423)).toHaveLength(96);
    expect(await gatehouse.sql('select from gatehouse.sessions')).toHaveLength(0);
    expect(
      await gatehouse.sql(`select from gatehouse.audit_records where action = 'account_locked'`),
    ).toHaveLength(1);
    expect((await gatehouse.deliverMail()).filter((mail) => mail.to === ADMIN.email)).toHaveLength(1);
  });

  it('of one owner signing in from many places at once, all are let in', async () => {
    await gatehouse.sql('delete from gatehouse.login_throttles');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => gatehouse.browser().post('/api/v1/auth/login', ADMIN)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
  });
});
