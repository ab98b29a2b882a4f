import { newId, type TenantId } from '../src/platform/ids.ts';
import type { TestServer } from './server.fixture.ts';
import type { Person } from './standing/people.fixture.ts';

/** A guest's membership without a role, as an accepted invitation leaves it. Answers its id, which is its principal's. */
export async function addGuest(
  gatehouse: Pick<TestServer, 'sql'>,
  tenantId: TenantId,
  { tenantId: home, userId }: Pick<Person, 'tenantId' | 'userId'>,
): Promise<string> {
  const id = newId();
  await gatehouse.sql(
    `insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'member', now())`,
    [tenantId, id],
  );
  await gatehouse.sql(
    `insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) values ($1, $2, $3, $4, now())`,
    [tenantId, id, home, userId],
  );
  return id;
}
