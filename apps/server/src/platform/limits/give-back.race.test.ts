import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftAfterLateFailure } from '../../../test/given-back.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5' } });
});
afterAll(() => gatehouse.close());

const NOW = 'extract(epoch from clock_timestamp()) * 1000';

describe('what fails when the window in which it was counted is over', () => {
  it.each([
    ['a window that nobody has begun', 0],
    ['a window in which another counts', 2],
  ])('gives no credit for %s', async (_what, since) => {
    const windows = {
      endSoon: () => gatehouse.sql(`update gatehouse.rate_limits set expire = ${NOW} + 1500`),
      areOver: async () =>
        (await gatehouse.sql(`select from gatehouse.rate_limits where expire > ${NOW}`)).length === 0,
    };
    expect(await leftAfterLateFailure(gatehouse, windows, since)).toBe(5 - since);
  });
});
