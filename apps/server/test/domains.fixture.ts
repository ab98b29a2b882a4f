import { expect } from 'vitest';
import { setRules } from './mail-sign-in.fixture.ts';
import { addTenant } from './people.fixture.ts';
import type { TestServer } from './server.fixture.ts';

/** A tenant that takes single sign-on only proves a domain, and every process has heard of it. */
export async function claimDomain(gatehouse: TestServer, domain: string): Promise<void> {
  const tenantId = await addTenant(gatehouse);
  await setRules(gatehouse, tenantId, { signIn: { policy: 'restricted' } });
  await gatehouse.sql(
    `insert into gatehouse.tenant_domains (tenant_id, id, domain, challenge, created_at, verified_at)
       values ($1, gen_random_uuid(), $2, 'x', now(), now())`,
    [tenantId, domain],
  );
  const ask = () => gatehouse.browser().post('/api/v1/auth/check-method', { email: `a@${domain}` });
  await expect.poll(async () => (await ask()).body.methods).toEqual([]);
}
