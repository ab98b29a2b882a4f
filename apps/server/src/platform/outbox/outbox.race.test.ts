import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { type Mail, MailServerAway } from '../mail/index.ts';

/** The last hop of one process: what reaches it waits until it is told how that ended. */
function heldHop() {
  const waiting: { mail: Mail; taken(): void; refused(error: Error): void }[] = [];
  return {
    transport: {
      send: (mail: Mail) =>
        new Promise<void>((resolve, reject) => waiting.push({ mail, taken: resolve, refused: reject })),
      close: () => undefined,
    },
    /** The next mail that arrives there. */
    async next() {
      await expect.poll(() => waiting.length, { interval: 10 }).toBeGreaterThan(0);
      const first = waiting.shift();
      if (first === undefined) throw new Error('there is one');
      return first;
    },
    waiting,
  };
}

const slow = heldHop();
const quick = heldHop();
let gatehouse: TestServer;
let second: TestServer;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer({ mailTransport: slow.transport });
  const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
  second = await startServer({ database: name, clock: gatehouse.clock, mailTransport: quick.transport });
  admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
});
beforeEach(async () => {
  await gatehouse.sql('delete from gatehouse.outbox');
  // A process that found no mail server looks again in a while.
  gatehouse.clock.advance({ minutes: 2 });
  await admin.signInAgain();
});
afterAll(async () => {
  await second.close();
  await gatehouse.close();
});

const row = async () =>
  (
    await gatehouse.sql<{
      attempts: number;
      claimed: boolean;
      waits: boolean;
      delivered: boolean;
      failed: boolean;
    }>(
      `select attempts, claimed_until is not null as claimed, available_at <= created_at + interval '3 minutes' as waits,
         delivered_at is not null as delivered, failed_at is not null as failed from gatehouse.outbox`,
    )
  )[0];

/** A mail that the first process holds for longer than its claim lasts, and that the second one holds by then. */
async function claimedTwice(email: string) {
  expect((await admin.post('/users', { email, name: 'Ada' })).status).toBe(201);
  const first = gatehouse.server.deps.outbox.dispatch();
  const late = await slow.next();
  gatehouse.clock.advance({ seconds: 61 });
  const again = second.server.deps.outbox.dispatch();
  const present = await quick.next();
  expect(present.mail.to).toBe(late.mail.to);
  return { first, late, again, present };
}

describe('a mail that another process has claimed since', () => {
  it.each([
    ['gives it back', 'away@example.com', new MailServerAway('nobody there')],
    ['reports that it was refused', 'refused@example.com', new Error('no such mailbox')],
  ])('stays with that one when the first late %s', async (_what, email, error) => {
    const { first, late, again, present } = await claimedTwice(email);
    late.refused(error);
    await first;
    expect(await row()).toMatchObject({ attempts: 2, claimed: true, waits: true, delivered: false });
    present.taken();
    expect(await again).toBe(1);
    expect(await row()).toMatchObject({ attempts: 2, claimed: false, delivered: true, failed: false });
  });

  it('is delivered when the first has delivered it, and not sent a third time', async () => {
    const { first, late, again, present } = await claimedTwice('two@example.com');
    late.taken();
    await first;
    present.refused(new Error('seen before'));
    await again;
    expect(await row()).toMatchObject({ claimed: false, delivered: true, failed: false });
    gatehouse.clock.advance({ minutes: 5 });
    expect(await gatehouse.server.deps.outbox.dispatch()).toBe(0);
  });

  it('is not sent by the first, which has not come to it', async () => {
    const { id } = (await admin.post('/users', { email: 'three@example.com', name: 'Ada' })).body;
    expect((await admin.post(`/users/${String(id)}/resend-link`)).status).toBe(200);
    const first = gatehouse.server.deps.outbox.dispatch();
    const late = await slow.next();
    gatehouse.clock.advance({ seconds: 61 });
    late.taken();
    let isOver = false;
    void first.then(() => (isOver = true));
    await expect.poll(() => isOver || slow.waiting.length > 0).toBe(true);
    expect(slow.waiting).toEqual([]);
    const again = second.server.deps.outbox.dispatch();
    (await quick.next()).taken();
    expect(await again).toBe(1);
    const left = await gatehouse.sql('select from gatehouse.outbox where delivered_at is null');
    expect(left).toEqual([]);
  });
});
