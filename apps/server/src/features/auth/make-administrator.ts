import { getSystemRole } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT, type UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { grantOperatorRole } from '../roles/index.ts';
import { insertUser, loadHomePrincipal, loadUserByAddress } from '../people/index.ts';
import { loadAccount } from './account.repo.ts';

const LINK_SECONDS = 72 * 3600;
const inRoot = enterOwn({ kind: 'system', tenantId: ROOT_TENANT, reason: 'operator at the command line' });

/**
 * An administrator of the root tenant, made by an operator who holds the database's keys. A second call with the same
 * address finishes what a first left unfinished. Resolves to a set-password link for a new user.
 *
 * @throws {Problem} `users.email_in_use` when the address signs in to an account of another tenant.
 */
export async function makeAdministrator(
  deps: Deps,
  input: { email: string; name: string },
): Promise<string | undefined> {
  const now = deps.clock.now();
  const key = emailKey(input.email);
  const known = await loadAccount(deps.doors, key);
  if (known && known.tenantId !== ROOT_TENANT)
    throw new Problem('users.email_in_use', {
      detail: 'This address signs in to an account of another tenant.',
    });
  const { principalId, link } = await deps.doors.withTenant(inRoot, async (tx) => {
    const present = await loadUserByAddress(tx, key);
    if (present) return { principalId: await loadHomePrincipal(tx, present), link: undefined };
    const user = await insertUser(tx, { ...input, status: 'invited', now });
    if (!user) throw new Problem('users.email_in_use');
    const self = { tenantId: tx.tenantId, id: user.id };
    await deps.audit.record(tx, {
      action: 'user_created',
      actor: { kind: 'system' },
      resource: { type: 'user', id: user.id },
      after: { email: personal(self, input.email), name: personal(self, input.name), status: 'invited' },
      request: undefined,
    });
    return { principalId: user.principalId, link: await linkFor(deps, tx, user.id) };
  });
  await deps.doors.asSystem('operator grants administrator', async (tx) => {
    for (const role of ['PLATFORM_ADMIN', 'admin'] as const) {
      if (!(await grantOperatorRole(tx, ROOT_TENANT, principalId, getSystemRole(role).id, now))) continue;
      await deps.audit.recordAsSystem(tx, ROOT_TENANT, {
        action: 'role_assigned',
        actor: { kind: 'system' },
        resource: { type: 'principal', id: principalId },
        after: { role, via: 'bootstrap' },
        request: undefined,
      });
    }
  });
  return link;
}

async function linkFor(
  deps: Deps,
  tx: Parameters<Deps['oneTimeTokens']['issue']>[0],
  userId: UserId,
): Promise<string> {
  const token = await deps.oneTimeTokens.issue(tx, 'set-password', {
    subjectId: userId,
    lifetimeSeconds: LINK_SECONDS,
  });
  return `${deps.config.publicUrl}/set-password#token=${token}`;
}
