import type { TenantId } from '../src/platform/ids.ts';
import { addCaller, addTenant, type Caller } from './people.fixture.ts';
import { addOwner, mailedTo, signedIn } from './recovery.fixture.ts';
import { type TestServer, tokenIn } from './server.fixture.ts';

export const OPEN = '/api/v1/auth/invitation/open';
export const ACCEPT = '/api/v1/auth/invitation/accept';
export const REGISTER = '/api/v1/auth/invitation/register';

/** A tenant, its administrator, and somebody with an account elsewhere. */
export async function openHarbour(gatehouse: TestServer) {
  const tenant = await addTenant(gatehouse, { name: 'Harbour' });
  return {
    tenant,
    admin: await addCaller(gatehouse, tenant, 'admin'),
    guest: await addOwner(gatehouse),
  };
}

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

/** Signs that person in and takes the link. */
export const acceptAs = async (gatehouse: TestServer, person: { email: string }, token: string) =>
  (await signedIn(gatehouse, person)).post(ACCEPT, { token });

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
