import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCounting } from '../../../test/cost.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { createConfiguredAdministrator, issueSetupLink } from './first-administrator.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { GATEHOUSE_ADMIN_EMAIL: '', GATEHOUSE_ADMIN_PASSWORD: '' } });
});
afterAll(() => gatehouse.close());

const SETUP = '/api/v1/auth/setup';
const input = { email: 'first@example.com', name: 'First', password: 'Good-Pass-1' };
const newToken = async () => (await issueSetupLink(gatehouse.server.deps)).split('#token=')[1] ?? '';

describe('the first administrator', () => {
  it('is asked for until there is one', async () => {
    expect((await gatehouse.browser().get('/api/v1/auth/options')).body.setupRequired).toBe(true);
  });

  it('is not made with a made-up link, nor with one that a newer start has replaced', async () => {
    const old = await newToken();
    await newToken();
    for (const token of [old, `${'A'.repeat(22)}.${'B'.repeat(43)}`]) {
      expect((await gatehouse.browser().post(SETUP, { ...input, token })).body.code).toBe(
        'auth.link_invalid',
      );
    }
  });

  it('is made once by the link, of fifty tries at once, and signs in as platform administrator', async () => {
    const token = await newToken();
    const tries = Array.from({ length: 50 }, (_, i) =>
      gatehouse.browser().post(SETUP, { ...input, email: `first${i}@example.com`, token }),
    );
    const statuses = (await Promise.all(tries)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    const [made] = await gatehouse.sql<{ email: string }>('select email from gatehouse.users');
    const browser = gatehouse.browser();
    expect(
      (await browser.post('/api/v1/auth/login', { email: made?.email, password: input.password })).status,
    ).toBe(200);
    expect((await browser.get('/api/v1/auth/me')).body.roles).toEqual(['PLATFORM_ADMIN', 'admin']);
    expect((await browser.get('/api/v1/auth/options')).body.setupRequired).toBe(false);
  });

  it('cannot be made a second time, even with a link that was left over', async () => {
    const answer = await gatehouse
      .browser()
      .post(SETUP, { ...input, email: 'second@example.com', token: await newToken() });
    expect([answer.status, answer.body.code]).toEqual([409, 'auth.setup_done']);
    expect(await gatehouse.sql('select from gatehouse.users')).toHaveLength(1);
  });

  it('is not looked for in the database any more once there is one', async () => {
    const counting = startCounting(gatehouse);
    for (let visit = 1; visit <= 3; visit += 1) {
      const { statements } = await counting.cost(async () => {
        const answer = await gatehouse.browser().get('/api/v1/auth/options');
        expect(answer.body.setupRequired).toBe(false);
        return answer;
      });
      expect(statements.filter((text) => text.includes('role_assignments'))).toEqual([]);
    }
    counting.end();
  });
});

describe('the first administrator of the settings', () => {
  it('is made at the first start, and costs a later one no hash', async () => {
    const configured = await startServer();
    try {
      await configured.admin();
      const { passwords } = configured.server.deps;
      const before = passwords.done;
      expect(await createConfiguredAdministrator(configured.server.deps)).toBe(false);
      expect(passwords.done).toBe(before);
    } finally {
      await configured.close();
    }
  });
});
