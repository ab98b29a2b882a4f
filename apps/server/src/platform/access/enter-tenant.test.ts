import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
let customer: string;
beforeAll(async () => {
  gatehouse = await startServer();
  const platform = await gatehouse.admin();
  customer = String((await platform.post('/api/v1/tenants', { name: 'Customer', type: 'customer' })).body.id);
});
afterAll(() => gatehouse.close());

async function rootUser(email: string, roles: string[]) {
  const platform = await gatehouse.admin();
  await platform.post('/api/v1/users', { email, name: email, roles });
  const mail = (await gatehouse.deliverMail()).findLast((each) => each.to === email);
  const as = { email, password: 'Good-Pass-1' };
  await gatehouse
    .browser()
    .post('/api/v1/auth/password/set', { token: tokenIn(mail), password: as.password });
  const browser = gatehouse.browser();
  expect((await browser.post('/api/v1/auth/login', as)).status).toBe(200);
  return browser;
}

describe('a tenant below the root tenant', () => {
  it('is entered by the administrators of the platform', async () => {
    const platform = await gatehouse.admin();
    expect((await platform.get(`/api/v1/tenants/${customer}/users`)).status).toBe(200);
  });

  it('is not there for an ordinary administrator of the root tenant, who has its own tenant only (spec R1)', async () => {
    const ordinary = await rootUser('ordinary@example.com', ['admin']);
    expect((await ordinary.get('/api/v1/users')).status).toBe(200);
    for (const path of ['', '/users', '/audit', '/clients']) {
      expect((await ordinary.get(`/api/v1/tenants/${customer}${path}`)).status).toBe(404);
    }
    expect((await ordinary.post(`/api/v1/tenants/${customer}/suspend`)).status).toBe(404);
  });
});
