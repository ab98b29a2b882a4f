import { getSystemRole, isPermission, isReadPermission, PERMISSION_GROUPS } from '@gatehouse/contracts';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { type PrincipalId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { lockAdministrators } from './roles.repo.ts';
import {
  type CountedAs,
  listHeldForGood,
  listPermissionsOf,
  listPermissionsOfAuthor,
} from './standing.repo.ts';

/**
 * Permissions that govern people, access and the tenant itself. Who holds one that an actor lacks stands above that actor.
 * What somebody sells, runs or bills gives no standing, nor does reading: a support manager unlocks a sales
 * representative, and never an administrator.
 */
const GOVERNING: ReadonlySet<string> = new Set(
  (['people', 'access', 'machines', 'tenant', 'audit', 'platform'] as const)
    .flatMap((group) => Object.keys(PERMISSION_GROUPS[group].permissions))
    .filter((name) => isPermission(name) && !isReadPermission(name)),
);

/**
 * The first governing permission that somebody holds in the entered tenant and the actor does not.
 *
 * SECURITY: without this, an ordinary administrator of the root tenant could suspend or delete the administrators of the
 * platform, and a help desk that may unlock could lift the lock that guards an administrator's password (threat 72).
 */
export async function governingBeyond(
  tx: TenantTx,
  actor: Pick<CallingPrincipal, 'permissions'>,
  principalId: PrincipalId,
  now: Date,
): Promise<string | undefined> {
  const held = await listPermissionsOf(tx, principalId, now);
  return held.sort().find((permission) => GOVERNING.has(permission) && !actor.permissions.has(permission));
}

/**
 * The same for whoever wrote what acts by itself, such as a connection. What a partner's writer holds at home counts for nothing here.
 *
 * SECURITY: by what they hold now and as long as they are active: somebody who was suspended or lost a role would otherwise go on
 * through what they left behind (threat 72).
 */
export async function governingBeyondAuthor(
  tx: TenantTx,
  author: { tenantId: TenantId; principalId: PrincipalId },
  principalId: PrincipalId,
  now: Date,
): Promise<string | undefined> {
  const isSeen = author.tenantId === tx.tenantId || author.tenantId === ROOT_TENANT;
  const own = isSeen ? await listPermissionsOfAuthor(tx, author, now) : [];
  return governingBeyond(tx, { permissions: new Set(own) }, principalId, now);
}

/** Whether somebody in whose name something acts still holds anything: whoever was suspended, or left, does not. */
export const isAuthorStanding = async (
  tx: TenantTx,
  author: { tenantId: TenantId; principalId: PrincipalId },
  now: Date,
): Promise<boolean> => (await listPermissionsOfAuthor(tx, author, now)).length > 0;

/**
 * Runs an act that may cost the entered tenant an administrator, and refuses it when it cost the last one. One at a time in a
 * tenant, so that the last two cannot remove each other: what is counted before and after is counted under the lock.
 *
 * @throws {Problem} `users.last_administrator`
 */
export async function keepAdministrators<T>(
  tx: TenantTx,
  work: () => Promise<T>,
  counted: CountedAs = 'users',
): Promise<T> {
  const names = tx.tenantId === ROOT_TENANT ? (['admin', 'PLATFORM_ADMIN'] as const) : (['admin'] as const);
  const roles = names.map(getSystemRole);
  const ids = roles.map((role) => role.id);
  await lockAdministrators(tx);
  const before = await listHeldForGood(tx, ids, counted);
  const result = await work();
  const after = await listHeldForGood(tx, ids, counted);
  const lost = roles.find((role) => before.includes(role.id) && !after.includes(role.id));
  if (lost) {
    throw new Problem('users.last_administrator', {
      detail: `Nobody active in this tenant would hold ${lost.name}. Give it to another active user first, without an end date.`,
    });
  }
  return result;
}
