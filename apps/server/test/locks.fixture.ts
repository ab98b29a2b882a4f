import { expect } from 'vitest';
import type { Answer } from './browser.fixture.ts';
import { withClient } from './database.setup.ts';
import type { TestServer } from './server.fixture.ts';

/** As many transactions of this database wait for a lock; until then something may have to be done again and again. */
export const untilWaiting = (
  gatehouse: Pick<TestServer, 'sql'>,
  count: number,
  meanwhile: () => Promise<unknown> = async () => undefined,
) =>
  expect
    .poll(
      async () => {
        await meanwhile();
        return gatehouse.sql(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
      },
      { interval: 20 },
    )
    .toHaveLength(count);

/** That process has looked at the log of revocations since: once for certain, as the look may have been under way already. */
export const untilHeard = (process: Pick<TestServer, 'server'>): Promise<void> =>
  new Promise((resolve) => {
    let looks = 0;
    const leave = process.server.deps.revocations.onBeat(() => {
      looks += 1;
      if (looks < 2) return;
      leave();
      resolve();
    });
  });

/**
 * Two requests that meet: whoever comes to write into the table waits there, with what was locked so far in hand, and the second
 * begins when the first does. When both wait, they are let go on.
 */
export const meeting = (
  gatehouse: TestServer,
  table: 'audit_records' | 'one_time_tokens' | 'revocations',
  first: () => Promise<Answer>,
  second: () => Promise<Answer>,
): Promise<[Answer, Answer]> =>
  withClient(gatehouse.superuserUrl, async (client) => {
    await client.query(`begin; lock table gatehouse.${table} in share mode`);
    const begun = first();
    await untilWaiting(gatehouse, 1);
    const met = second();
    await untilWaiting(gatehouse, 2);
    await client.query('commit');
    return Promise.all([begun, met]);
  });

/** A request that comes to write for a connection which is being deleted: gone when it goes on. */
export const whileDeleted = (
  gatehouse: TestServer,
  connectionId: string,
  request: () => Promise<Answer>,
): Promise<Answer> =>
  withClient(gatehouse.superuserUrl, async (client) => {
    await client.query('begin');
    await client.query('delete from gatehouse.connections where id = $1', [connectionId]);
    const begun = request();
    await untilWaiting(gatehouse, 1);
    await client.query('commit');
    return begun;
  });

/** Which of these sessions are free while a request waits for the one that somebody holds: not what it has taken before. */
export const freeWhileHeld = (
  gatehouse: TestServer,
  { held, of }: { held: string; of: readonly string[] },
  request: () => Promise<Answer>,
): Promise<{ answer: Answer; free: string[] }> =>
  withClient(gatehouse.superuserUrl, async (client) => {
    await client.query('begin');
    await client.query('select from gatehouse.sessions where id = $1 for update', [held]);
    const begun = request();
    await untilWaiting(gatehouse, 1);
    const rows = await gatehouse.sql<{ id: string }>(
      'select id from gatehouse.sessions where id = any($1) order by id for update skip locked',
      [of],
    );
    await client.query('commit');
    return { answer: await begun, free: rows.map(({ id }) => id) };
  });
