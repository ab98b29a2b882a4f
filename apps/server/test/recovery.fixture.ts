import type { SystemRoleName } from '@gatehouse/contracts';
import { writePassword } from '../src/features/auth/credentials.repo.ts';
import { sealPassword } from '../src/features/auth/sealed-credentials.ts';
import { enterOwn } from '../src/platform/access/index.ts';
import { newId, type TenantId } from '../src/platform/ids.ts';
import type { Mail } from '../src/platform/mail/index.ts';
import type { TestBrowser } from './browser.fixture.ts';
import { addTenant } from './people.fixture.ts';
import type { TestServer } from './server.fixture.ts';
import { addPerson, PASSWORD, type Person } from './standing/people.fixture.ts';

export const LOGIN = '/api/v1/auth/login';
export const FORGOT = '/api/v1/auth/password/forgot';
export const RESET = '/api/v1/auth/password/reset';
export const CHANGE = '/api/v1/auth/password/change';
export const CHANGE_EMAIL = '/api/v1/auth/email/change';
export const CONFIRM_EMAIL = '/api/v1/auth/email/confirm';

const hashes = new WeakMap<TestServer, Promise<string>>();

/** Somebody with an address and a password, `Stand-Ing-1`, in a tenant of their own unless told. */
export async function addOwner(
  gatehouse: TestServer,
  { email, tenantId, roles = [] }: { email?: string; tenantId?: TenantId; roles?: SystemRoleName[] } = {},
): Promise<Person> {
  const { deps } = gatehouse.server;
  const person = await addPerson(gatehouse, tenantId ?? (await addTenant(gatehouse)), roles, email);
  // One hash for all of them: what is tried here is not bcrypt.
  const hash = hashes.get(gatehouse) ?? deps.passwords.hash(PASSWORD);
  hashes.set(gatehouse, hash);
  const sealed = sealPassword(deps.sealer, person, await hash);
  await deps.doors.withTenant(enterOwn({ kind: 'system', tenantId: person.tenantId, reason: 'test' }), (tx) =>
    writePassword(tx, person.userId, sealed, deps.clock.now()),
  );
  return person;
}

/** A browser in which they have signed in. */
export async function signedIn(
  gatehouse: TestServer,
  credentials: { email: string; password?: string },
): Promise<TestBrowser> {
  const browser = gatehouse.browser();
  const { email, password = PASSWORD } = credentials;
  const answer = await browser.post(LOGIN, { email, password });
  if (answer.status !== 200) throw new Error(answer.text);
  return browser;
}

/** What was mailed to an address, oldest first. */
export async function mailedTo(gatehouse: TestServer, address: string): Promise<Mail[]> {
  return (await gatehouse.deliverMail()).filter(({ to }) => to === address);
}

export const canSignIn = async (gatehouse: TestServer, email: string, password: string): Promise<boolean> =>
  (await gatehouse.browser().post(LOGIN, { email, password })).status === 200;

/** The newest records of an action on a user, as they lie in the database. */
export const recordsOf = (gatehouse: TestServer, action: string, userId: string) =>
  gatehouse.sql<{ before: Record<string, unknown> | null; after: Record<string, unknown> | null }>(
    `select before, after from gatehouse.audit_records where action = $1 and resource_id = $2 order by id desc`,
    [action, userId],
  );

export const freshAddress = (): string => `${newId()}@people.example`;
