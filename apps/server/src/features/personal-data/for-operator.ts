import { enterOwn } from '../../platform/access/index.ts';
import type { Entered, TenantTx } from '../../platform/database/index.ts';
import { emailKey, isAddress } from '../../platform/email.ts';
import { Problem } from '../../platform/http/index.ts';
import { isUuid, type TenantId, type UserId } from '../../platform/ids.ts';
import { loadAccount } from '../auth/index.ts';
import { describeConsent, listConsents, withdrawConsent } from '../consents/index.ts';
import type { Deps } from '../deps.ts';
import { keepAdministrators } from '../roles/index.ts';
import { afterErasing, erasePerson } from './erase-person.ts';
import { exportPerson } from './export-person.ts';
import { recordExport } from './hand-over.ts';
import { loadPerson } from './person.repo.ts';

/** Whom an operator means: by the address that signs in, or by ids. */
export type PersonGiven = { email: string } | { tenant: string; user: string };

interface Found {
  home: Entered;
  userId: UserId;
}

const actor = { kind: 'system' } as const;
const operator = { actor, request: undefined };

/** @throws {Problem} `resource.not_found` */
export async function findPerson(deps: Deps, given: PersonGiven): Promise<Found> {
  const enter = (tenantId: TenantId) =>
    enterOwn({ kind: 'system', tenantId, reason: 'operator at the command line' });
  if ('email' in given) {
    const account = isAddress(given.email) ? await loadAccount(deps.doors, emailKey(given.email)) : undefined;
    if (account === undefined) throw notFound('Nobody signs in with this address. Name --tenant and --user.');
    return { home: enter(account.tenantId), userId: account.userId };
  }
  if (!isUuid(given.tenant) || !isUuid(given.user)) throw notFound('--tenant and --user take ids.');
  return { home: enter(given.tenant as TenantId), userId: given.user as UserId };
}

/** The data of a person, for whoever runs the deployment. @throws {Problem} `resource.not_found` */
export async function exportForOperator(deps: Deps, given: PersonGiven): Promise<AsyncGenerator<string>> {
  const { home, userId } = await findPerson(deps, given);
  await deps.doors.withTenant(home, async (tx) => {
    if ((await loadPerson(tx, userId)) === undefined) throw notFound('There is no such user in this tenant.');
    await recordExport(deps, tx, userId, 'operator', operator);
  });
  return exportPerson(deps, home, userId);
}

/**
 * Erases a person, for whoever runs the deployment: the last way where nobody in the tenant can or may.
 *
 * @throws {Problem} `resource.not_found`, `users.last_administrator` unless that is taken into account
 */
export async function eraseForOperator(
  deps: Deps,
  given: PersonGiven,
  { evenLastAdministrator }: { evenLastAdministrator: boolean },
): Promise<UserId> {
  const { home, userId } = await findPerson(deps, given);
  const erase = (tx: TenantTx) => erasePerson(deps, tx, userId, { by: 'operator', ...operator });
  const erased = await deps.doors.withTenant(home, (tx) =>
    evenLastAdministrator ? erase(tx) : keepAdministrators(tx, () => erase(tx)),
  );
  await afterErasing(deps, erased);
  return userId;
}

/** The trail of a person's consents, newest first. */
export async function* consentsForOperator(deps: Deps, given: PersonGiven) {
  const { home, userId } = await findPerson(deps, given);
  let before: string | undefined;
  do {
    const page = await deps.doors.withTenant(home, async (tx) => {
      const rows = await listConsents(tx, { userId, current: false, before, limit: 200 });
      const items = [];
      for (const row of rows) items.push(await describeConsent(deps, tx, row));
      return { items, next: rows.length === 200 ? rows.at(-1)?.seq : undefined };
    });
    yield* page.items;
    before = page.next;
  } while (before !== undefined);
}

/** Notes down a withdrawal that came by letter. @throws {Problem} `resource.not_found`, `consents.not_granted` */
export async function withdrawForOperator(deps: Deps, given: PersonGiven, purpose: string) {
  const { home, userId } = await findPerson(deps, given);
  return deps.doors.withTenant(home, (tx) => withdrawConsent(deps, tx, { userId, ...operator }, purpose));
}

const notFound = (detail: string) => new Problem('resource.not_found', { detail });
