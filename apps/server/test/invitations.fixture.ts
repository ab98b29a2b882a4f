import type { TenantId } from '../src/platform/ids.ts';
import type { Caller } from './people.fixture.ts';
import { mailedTo } from './recovery.fixture.ts';
import { type TestServer, tokenIn } from './server.fixture.ts';

export const OPEN = '/api/v1/auth/invitation/open';
export const ACCEPT = '/api/v1/auth/invitation/accept';
export const REGISTER = '/api/v1/auth/invitation/register';

/** Invites, and answers the id and the token of the mailed link. */
export async function invited(gatehouse: TestServer, by: Caller, email: string, roles?: string[]) {
  const answer = await by.post('/invitations', { email, ...(roles && { roles }) });
  if (answer.status !== 201) throw new Error(answer.text);
  return {
    id: String(answer.body.id),
    token: tokenIn((await mailedTo(gatehouse, email)).at(-1)),
    answer,
  };
}

/** The guests of a tenant. */
export const guestsOf = (gatehouse: TestServer, tenantId: TenantId) =>
  gatehouse.sql<{ id: string; user_id: string }>(
    'select id, user_id from gatehouse.memberships where tenant_id = $1 and user_tenant_id <> tenant_id',
    [tenantId],
  );

export const principalOf = (gatehouse: TestServer, id: string) =>
  gatehouse.sql<{ status: string; role_names: string[] }>(
    'select status, role_names from gatehouse.principals where id = $1',
    [id],
  );
