import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCounting } from '../../../test/cost.fixture.ts';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  await gatehouse.sql('delete from gatehouse.login_throttles');
});

const LOGIN = '/api/v1/auth/login';
const wrong = { ...ADMIN, password: 'Wrong-Pass-1' };

describe('the lock after five failed attempts', () => {
  it('locks for thirty minutes, answers the right password like a wrong one, and lifts by itself', async () => {
    const stranger = gatehouse.browser();
    for (let attempt = 1; attempt <= 4; attempt += 1)
      expect((await stranger.post(LOGIN, wrong)).status).toBe(401);
    const fifth = await stranger.post(LOGIN, wrong);
    expect(fifth.status).toBe(423);
    expect(fifth.body).toMatchObject({ code: 'auth.account_locked' });
    expect(Number(fifth.headers['retry-after'])).toBe(1800);

    const right = await stranger.post(LOGIN, ADMIN);
    expect(right.status).toBe(423);
    expect(right.cookies).toEqual([]);

    gatehouse.clock.advance({ minutes: 29, seconds: 59 });
    expect((await stranger.post(LOGIN, ADMIN)).status).toBe(423);
    gatehouse.clock.advance({ seconds: 2 });
    expect((await stranger.post(LOGIN, ADMIN)).status).toBe(200);
  });

  it('is not prolonged by attempts while it holds', async () => {
    const stranger = gatehouse.browser();
    for (let attempt = 1; attempt <= 5; attempt += 1) await stranger.post(LOGIN, wrong);
    gatehouse.clock.advance({ minutes: 20 });
    await stranger.post(LOGIN, wrong);
    gatehouse.clock.advance({ minutes: 10, seconds: 1 });
    expect((await stranger.post(LOGIN, ADMIN)).status).toBe(200);
  });

  it('answers an address that nobody has in the same way, attempt by attempt', async () => {
    const known: [number, unknown][] = [];
    const unknown: [number, unknown][] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      for (const [email, answers] of [
        [ADMIN.email, known],
        ['nobody@example.com', unknown],
      ] as const) {
        const answer = await gatehouse.browser().post(LOGIN, { email, password: 'Wrong-Pass-1' });
        answers.push([answer.status, { ...answer.body, correlationId: '' }]);
      }
    }
    expect(known).toEqual(unknown);
    expect(known.map(([status]) => status)).toEqual([401, 401, 401, 401, 423, 423]);
  });

  it('tells the owner by mail, once, and nobody when the address is unknown', async () => {
    const stranger = gatehouse.browser({ ip: '203.0.113.9' });
    const before = (await gatehouse.deliverMail()).length;
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      await stranger.post(LOGIN, wrong);
      await stranger.post(LOGIN, { ...wrong, email: 'nobody@example.com' });
    }
    const mails = (await gatehouse.deliverMail()).slice(before);
    expect(mails.map((mail) => mail.to)).toEqual([ADMIN.email]);
    expect(mails[0]?.text).toContain('203.0.113.9');
  });

  it('starts counting afresh after a success', async () => {
    const browser = gatehouse.browser();
    for (let round = 1; round <= 3; round += 1) {
      for (let attempt = 1; attempt <= 4; attempt += 1) await browser.clone().post(LOGIN, wrong);
      browser.cookies.clear();
      expect((await browser.post(LOGIN, ADMIN)).status).toBe(200);
    }
  });

  it('puts failures and the lock on record, with the address revealed to the tenant’s auditors only', async () => {
    const stranger = gatehouse.browser();
    for (let attempt = 1; attempt <= 5; attempt += 1) await stranger.post(LOGIN, wrong);
    const admin = gatehouse.browser();
    await gatehouse.sql('delete from gatehouse.login_throttles');
    await admin.post(LOGIN, ADMIN);
    const records = (await admin.get('/api/v1/audit?action=account_locked&limit=1')).body.items as {
      after: { email: string };
      actor: { kind: string };
    }[];
    expect(records[0]).toMatchObject({ actor: { kind: 'anonymous' }, after: { email: ADMIN.email } });
    const [row] = await gatehouse.sql<{ after: unknown }>(
      `select after::text as after from gatehouse.audit_records where action = 'account_locked' order by id desc limit 1`,
    );
    expect(String(row?.after)).not.toContain(ADMIN.email);
  });
});

describe('a browser that is known for the account [threat 53]', () => {
  it('has five attempts of its own, so that strangers cannot lock the owner out', async () => {
    const owner = gatehouse.browser();
    await owner.post(LOGIN, ADMIN);
    const stranger = gatehouse.browser();
    for (let attempt = 1; attempt <= 6; attempt += 1) await stranger.post(LOGIN, wrong);
    expect((await stranger.post(LOGIN, ADMIN)).status).toBe(423);
    expect((await owner.post(LOGIN, ADMIN)).status).toBe(200);
    for (let attempt = 1; attempt <= 5; attempt += 1) await owner.post(LOGIN, wrong);
    expect((await owner.post(LOGIN, ADMIN)).status).toBe(423);
  });

  it('is not believed when the cookie is forged, or belongs to another account', async () => {
    const stranger = gatehouse.browser();
    for (let attempt = 1; attempt <= 5; attempt += 1) await stranger.post(LOGIN, wrong);
    stranger.cookies.set('__Host-gh.device', `${'A'.repeat(22)}.${'B'.repeat(22)}`);
    expect((await stranger.post(LOGIN, ADMIN)).status).toBe(423);
  });

  it('does not count renewals as attempts', async () => {
    const owner = gatehouse.browser();
    await owner.post(LOGIN, ADMIN);
    for (let renewal = 1; renewal <= 10; renewal += 1)
      expect((await owner.post('/api/v1/auth/refresh')).status).toBe(200);
    expect(await gatehouse.sql('select from gatehouse.login_throttles where failures > 0')).toHaveLength(0);
  });
});

describe('known and unknown accounts [threat 51]', () => {
  it('cost the same hashes and the same statements, refused and locked', async () => {
    const counting = startCounting(gatehouse);
    const cost = (email: string) =>
      counting.cost(() => gatehouse.browser().post(LOGIN, { email, password: 'Wrong-Pass-1' }));
    // The first refusal of a day also makes the key under which unknown addresses are sealed.
    // It is read once more before it is held in memory.
    for (const _time of [1, 2]) {
      await cost('first-of-the-day@example.com');
      await cost(ADMIN.email);
    }
    await gatehouse.sql('delete from gatehouse.login_throttles');
    // The fifth locks and the sixth finds it locked.
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const [known, unknown] = [await cost(ADMIN.email), await cost('nobody@example.com')];
      expect(known, `attempt ${attempt}`).toEqual(unknown);
      expect(known.hashes).toBe(1);
      expect(known.statements.length).toBeGreaterThan(4);
    }
    counting.end();
  });

  it('differ in the mail alone, which nobody gets at an address that nobody has', async () => {
    const before = (await gatehouse.deliverMail()).length;
    for (const email of [ADMIN.email, 'nobody@example.com']) {
      for (let attempt = 1; attempt <= 5; attempt += 1)
        await gatehouse.browser().post(LOGIN, { email, password: 'Wrong-Pass-1' });
    }
    const sent = (await gatehouse.deliverMail()).slice(before);
    expect(sent.map(({ to }) => to)).toEqual([ADMIN.email]);
    const kept = await gatehouse.sql<{ payload_sealed: string }>(
      'select payload_sealed from gatehouse.outbox where delivered_at is null or payload_sealed <> $1',
      [''],
    );
    expect(kept).toEqual([]);
  });
});
