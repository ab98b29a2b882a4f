import type { InjectOptions } from 'fastify';
import type { SystemRoleName } from '@gatehouse/contracts';
import { getSystemRole } from '@gatehouse/contracts';
import type { OpenedSession } from '../../src/features/auth/open-session.ts';
import { keptAmr, openSession } from '../../src/features/auth/open-session.ts';
import { CONSOLE_CLIENT } from '../../src/features/clients/index.ts';
import { insertUser } from '../../src/features/people/index.ts';
import { enterOwn } from '../../src/platform/access/index.ts';
import type { PrincipalId, TenantId, UserId } from '../../src/platform/ids.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Answer } from '../browser.fixture.ts';
import { type TestServer, tokenIn } from '../server.fixture.ts';

/** Somebody with a session, who calls with a bearer token: no cookie or CSRF token stands between a probe and the check it tries. */
export interface Person {
  tenantId: TenantId;
  userId: UserId;
  principalId: PrincipalId;
  email: string;
  roles: SystemRoleName[];
  token: string;
  opened: OpenedSession;
}

const request = { correlationId: '0'.repeat(31).concat('1'), ip: '127.0.0.1', userAgent: 'Standing suite' };
export const PASSWORD = 'Stand-Ing-1';

/** Opens a tenant as anybody would: registration, mailed link, confirmation. */
export async function registerTenant(
  gatehouse: TestServer,
  tenantName: string,
  email: string,
): Promise<{ tenantId: TenantId; userId: UserId }> {
  const browser = gatehouse.browser();
  await browser.post('/api/v1/auth/register', { email, password: PASSWORD, name: 'First Admin', tenantName });
  const mail = (await gatehouse.deliverMail()).findLast(({ to }) => to === email);
  const answer = await browser.post('/api/v1/auth/register/confirm', {
    token: tokenIn(mail),
    password: PASSWORD,
  });
  if (answer.status !== 200) throw new Error(`registration failed: ${answer.text}`);
  const user = answer.body.user as { id: UserId; tenantId: TenantId };
  return { tenantId: user.tenantId, userId: user.id };
}

/** Puts a person with these roles into a tenant, past the grant rule, and signs it in. */
export async function addPerson(
  gatehouse: Pick<TestServer, 'server' | 'sql'>,
  tenantId: TenantId,
  roles: SystemRoleName[],
  email = `${newId()}@people.example`,
): Promise<Person> {
  const { deps } = gatehouse.server;
  const now = deps.clock.now();
  const scope = enterOwn({ kind: 'system', tenantId, reason: 'standing suite' });
  const user = await deps.doors.withTenant(scope, (tx) =>
    insertUser(tx, { email, name: 'A Person', status: 'active', now }),
  );
  if (!user) throw new Error(`${email} exists already`);
  for (const role of roles) await assignRole(gatehouse, tenantId, user.principalId, role);
  const opened = await signIn(gatehouse, tenantId, user.id);
  return {
    tenantId,
    userId: user.id,
    principalId: user.principalId,
    email,
    roles,
    token: opened.accessToken,
    opened,
  };
}

/**
 * Opens a session without a password: hashing is not what these suites are about. It counts as one with a second factor, so that
 * routes which ask for a recent one are reached.
 */
export async function signIn(
  gatehouse: Pick<TestServer, 'server' | 'sql'>,
  tenantId: TenantId,
  userId: UserId,
): Promise<OpenedSession> {
  const { deps } = gatehouse.server;
  const client = await deps.clients.get(CONSOLE_CLIENT);
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), (tx) =>
    openSession(deps, tx, { userId, client, amr: keptAmr({ amr: ['pwd', 'otp', 'mfa'] }) }, request),
  );
}

export async function assignRole(
  gatehouse: Pick<TestServer, 'server' | 'sql'>,
  tenantId: TenantId,
  principalId: PrincipalId,
  role: SystemRoleName,
): Promise<void> {
  await gatehouse.sql(
    `insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at)
     values ($1, $2, $3, $4, 'bootstrap', now())`,
    [tenantId, principalId, getSystemRole(role).id, newId()],
  );
}

/** One request with a bearer token (or none), as a client that is no browser sends it. */
export async function call(
  gatehouse: TestServer,
  token: string | undefined,
  to: { method: InjectOptions['method']; url: string; body?: unknown; headers?: Record<string, string> },
): Promise<Answer> {
  const { method, url, body, headers } = to;
  return gatehouse.browser({ origin: undefined }).request({
    ...(method !== undefined && { method }),
    url,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    ...(body !== undefined && { payload: body as object }),
  });
}
