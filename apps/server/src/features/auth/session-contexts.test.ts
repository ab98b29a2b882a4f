import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let one: TestServer;
let two: TestServer;
beforeAll(async () => {
  one = await startServer();
  const name = one.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
  two = await startServer({ database: name, clock: one.clock });
});
afterAll(async () => {
  await two.close();
  await one.close();
});

/** The same session on the other node. */
function elsewhere(browser: Awaited<ReturnType<TestServer['admin']>>) {
  const other = two.browser();
  for (const [name, value] of browser.cookies) other.cookies.set(name, value);
  return other;
}
const status = async (browser: ReturnType<TestServer['browser']>) =>
  (await browser.get('/api/v1/auth/me')).status;

describe('a session that is checked again and again', () => {
  it('is asked of the database once in half a second', async () => {
    const browser = await one.admin();
    const { sessionContexts } = one.server.deps;
    const [before, from] = [sessionContexts.asked, performance.now()];
    for (let request = 1; request <= 20; request += 1) expect(await status(browser)).toBe(200);
    // On a machine on which they take longer than half a second, once in each.
    const halves = Math.floor((performance.now() - from) / 500);
    const asked = sessionContexts.asked - before;
    expect(asked).toBeGreaterThanOrEqual(1);
    expect(asked).toBeLessThanOrEqual(1 + halves);
    one.clock.advance({ seconds: 1 });
    expect(await status(browser)).toBe(200);
    expect(sessionContexts.asked - before).toBe(asked + 1);
  });

  it('ended on this node is refused from the next request on', async () => {
    const [goes, stays] = [await one.admin(), await one.admin()];
    expect(await status(goes)).toBe(200);
    await stays.post('/api/v1/sessions/end-others');
    expect(await status(goes)).toBe(401);
  });

  it('ended on another node is refused within a second [threat 43]', async () => {
    const browser = await one.admin();
    const other = elsewhere(browser);
    expect(await status(other)).toBe(200);
    await browser.post('/api/v1/auth/logout');
    one.clock.advance({ seconds: 1 });
    expect(await status(other)).toBe(401);
  });

  it('that was being looked up while it ended is not remembered', async () => {
    const [goes, stays] = [await one.admin(), await one.admin()];
    const lookups = Array.from({ length: 30 }, () => status(goes));
    await Promise.all([stays.post('/api/v1/sessions/end-others'), ...lookups]);
    expect(await status(goes)).toBe(401);
  });

  it('is not remembered beyond its own end', async () => {
    const browser = await one.admin();
    one.clock.advance({ days: 6, hours: 23, minutes: 59 });
    await browser.post('/api/v1/auth/refresh');
    expect(await status(browser)).toBe(200);
    one.clock.advance({ days: 7, seconds: 1 });
    expect(await status(browser)).toBe(401);
  });
});
