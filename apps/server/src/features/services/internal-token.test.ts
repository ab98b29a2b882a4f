import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { call } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
const refusal = ({ status, body }: { status: number; body: Record<string, unknown> }) => [status, body.code];

describe('X-Internal-Token', () => {
  const [current, previous] = ['n7Rk2Wq9Zx4Tb6Yh1Vc8Jd3Mf5Lg0Ps7', 'p4Xs8Kd1Qw6Zr3Nv7Bt2Hy9Jm5Fc0Lg2'];
  it('stands for one service, by either of two values, alone [threat 74]', async () => {
    const compatible = await startServer({
      env: {
        INTERNAL_TOKEN: current,
        INTERNAL_TOKEN_PREVIOUS: previous,
        INTERNAL_TOKEN_SERVICE: 'management',
      },
    });
    try {
      const platform = await addCaller(compatible, ROOT_TENANT, 'PLATFORM_ADMIN');
      const get = (headers: Record<string, string>) =>
        call(compatible, undefined, { method: 'GET', url: '/api/v1/tenants', headers });
      expect((await get({ 'x-internal-token': current })).status).toBe(401);
      const made = await platform.post('/services', {
        clientId: 'management',
        name: 'Management',
        namespace: 'control',
      });
      expect(refusal(await get({ 'x-internal-token': current }))).toEqual([403, 'access.denied']);
      await platform.post('/role-assignments', { principalId: made.body.id, role: 'PLATFORM_ADMIN' });
      for (const token of [current, previous])
        expect((await get({ 'x-internal-token': token })).status, token).toBe(200);
      for (const token of [`${current}x`, current.slice(1), '', 'undefined'])
        expect((await get({ 'x-internal-token': token })).status, token).toBe(401);
      expect(
        (await get({ 'x-internal-token': current, authorization: `Bearer ${platform.token}` })).status,
      ).toBe(401);
      expect((await get({ 'x-internal-token': current, cookie: 'a=b' })).status).toBe(401);
      await platform.post(`/services/${String(made.body.id)}/suspend`);
      expect((await get({ 'x-internal-token': current })).status).toBe(401);
    } finally {
      await compatible.close();
    }
  });

  it('is refused where none is set', async () => {
    const answer = await call(gatehouse, undefined, {
      method: 'GET',
      url: '/api/v1/users',
      headers: { 'x-internal-token': 'undefined' },
    });
    expect(refusal(answer)).toEqual([401, 'auth.token_invalid']);
  });
});
