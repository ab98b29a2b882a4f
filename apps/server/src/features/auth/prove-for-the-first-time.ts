import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { endSessionsOf } from '../sessions/index.ts';
import { deleteCredentials, deleteIdentities } from './credentials.repo.ts';
import { proveAddress } from './email.repo.ts';

/**
 * Whoever comes in proved an address, of an account whose address nobody had proved: by a provider that is authoritative for it, or by
 * what was mailed there. Whoever made the account, the address is this person's. What had been set up with it goes: passwords and other
 * factors, identities of providers, sessions, links. What an administrator gave the address (a membership, roles) stays.
 *
 * SECURITY: somebody registers a stranger's address and waits; the stranger comes in, and both are in one account (threat 23). The
 * user is held (`lockUser`).
 */
export async function proveForTheFirstTime(
  deps: Deps,
  tx: TenantTx,
  user: { id: UserId; by: { connection: string } | { mail: 'link' | 'code' } },
  request: RequestContext,
): Promise<void> {
  const now = deps.clock.now();
  const removed = await deleteCredentials(tx, user.id);
  await deleteIdentities(tx, user.id);
  const endedSessions = await endSessionsOf(tx, user.id, 'address proved by somebody else', now);
  await deps.oneTimeTokens.revokeAll(tx, user.id);
  await proveAddress(tx, user.id, now);
  await deps.audit.record(tx, {
    action: 'unproved_ways_removed',
    actor: { kind: 'system' },
    resource: { type: 'user', id: user.id },
    before: { credentials: removed },
    after: { ...user.by, endedSessions },
    request,
  });
}
