import { hashSync as argon2 } from '@node-rs/argon2';
import { hashSync as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { openPassword, sealPassword } from './sealed-credentials.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { BCRYPT_COST: '11' } });
});
afterAll(() => gatehouse.close());

async function stored() {
  const [row] = await gatehouse.sql<{ tenantId: TenantId; userId: UserId; sealed: string }>(
    `select tenant_id as "tenantId", user_id as "userId", secret_sealed as sealed from gatehouse.credentials`,
  );
  if (!row) throw new Error('no credential');
  return row;
}
const put = async (hash: string) =>
  gatehouse.sql('update gatehouse.credentials set secret_sealed = $1', [
    sealPassword(gatehouse.server.deps.sealer, await stored(), hash),
  ]);
const hashNow = async () => {
  const row = await stored();
  return openPassword(gatehouse.server.deps.sealer, row, row.sealed);
};
const login = (password: string) => gatehouse.browser().post('/api/v1/auth/login', { ...ADMIN, password });

describe('a stored password hash', () => {
  it('is bcrypt at the configured cost, and sealed', async () => {
    expect(await hashNow()).toMatch(/^\$2[aby]\$11\$/);
    expect((await stored()).sealed).toMatch(/^v1\./);
  });

  it.each([
    ['bcrypt of a lower cost', () => bcrypt(ADMIN.password, { cost: 10 })],
    ['argon2id', () => argon2(ADMIN.password)],
  ])('of %s signs in, and is rehashed at that sign-in only', async (_name, make) => {
    await put(make());
    expect((await login('Wrong-Pass-1')).status).toBe(401);
    expect(await hashNow()).not.toMatch(/^\$2[aby]\$11\$/);
    expect((await login(ADMIN.password)).status).toBe(200);
    expect(await hashNow()).toMatch(/^\$2[aby]\$11\$/);
    expect((await login(ADMIN.password)).status).toBe(200);
  });

  it('of a higher cost is left as it is', async () => {
    const hash = bcrypt(ADMIN.password, { cost: 12 });
    await put(hash);
    expect((await login(ADMIN.password)).status).toBe(200);
    expect(await hashNow()).toBe(hash);
  });

  it('that was moved from another account does not open', async () => {
    const row = await stored();
    const elsewhere = sealPassword(
      gatehouse.server.deps.sealer,
      { ...row, userId: row.tenantId as unknown as UserId },
      bcrypt(ADMIN.password, { cost: 11 }),
    );
    await gatehouse.sql('update gatehouse.credentials set secret_sealed = $1', [elsewhere]);
    expect((await login(ADMIN.password)).status).toBe(500);
  });
});
