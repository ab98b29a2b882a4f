import { expect } from 'vitest';
import { withClient } from './database.setup.ts';
import { addCaller, addTenant } from './people.fixture.ts';
import { untilWaiting } from './locks.fixture.ts';
import type { TestServer } from './server.fixture.ts';

/** Where a deployment counts, and how its windows of mail are made to end. */
export interface Windows {
  endSoon(): Promise<unknown>;
  areOver(): Promise<boolean>;
}

/**
 * An administrator's mail that is counted, and fails when the window in which it was counted is over; `since` of them are counted
 * in the next one by then. Answers how many more may be sent before one is refused.
 */
export async function leftAfterLateFailure(
  gatehouse: TestServer,
  windows: Windows,
  since: number,
): Promise<number> {
  const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
  const email = `late-${since}@example.com`;
  const { id } = (await admin.post('/users', { email, name: 'Late' })).body;
  const resend = () => admin.post(`/users/${String(id)}/resend-link`);
  const [added, ...sent] = await withClient(gatehouse.superuserUrl, async (client) => {
    // Whoever adds the same address waits for what becomes of this, and so does whoever writes to it.
    await client.query('begin');
    await client.query('delete from gatehouse.users where id = $1', [id]);
    // It is counted in a window that is about to end, however long it takes to come to that.
    await windows.endSoon();
    const adding = admin.post('/users', { email, name: 'Late' });
    await untilWaiting(gatehouse, 1, windows.endSoon);
    await expect.poll(windows.areOver, { interval: 20 }).toBe(true);
    const sending = Array.from({ length: since }, resend);
    await untilWaiting(gatehouse, 1 + since);
    await client.query('rollback');
    return Promise.all([adding, ...sending]);
  });
  expect(added.body.code).toBe('users.email_in_use');
  for (const { status } of sent) expect(status).toBe(200);
  let left = 0;
  while ((await resend()).status === 200) left += 1;
  return left;
}
