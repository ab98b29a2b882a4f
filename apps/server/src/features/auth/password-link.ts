import { enterOwn } from '../../platform/access/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import type { Deps } from '../deps.ts';
import { holdActiveTenant, loadPasswordHolder, lockUser, type LockedUser } from './account.repo.ts';
import { takeAddress } from '../people/index.ts';
import { proveAddress } from './email.repo.ts';
import { addressInUse, linkInvalid } from './links.ts';
import { throttleKey } from './lockout.ts';
import { checkPasswordsAllowed } from './login.ts';
import { checkNewPassword, hashNewPassword } from './new-password.ts';
import { setPassword } from './set-password.ts';
import { clearThrottle } from './throttles.repo.ts';

/** Which link, and whom it helps: the first password of who was added, or a new one for who has forgotten theirs. */
const LINKS = {
  'set-password': { by: 'link', mayUse: ({ status }: LockedUser) => status !== 'suspended' },
  'reset-password': { by: 'reset', mayUse: ({ status }: LockedUser) => status === 'active' },
} as const;

/**
 * Sets a password by a mailed single-use link (spec W11). The link proves the address: an invited user becomes an active one,
 * who signs in with it from then on.
 * All sessions of the user end, and so does the lock that a stranger's failures left.
 *
 * @throws {Problem} `auth.sso_required`, `auth.link_invalid`, `users.email_in_use` where the address proved its way into another
 *   account meanwhile, what `checkNewPassword` and `hashNewPassword` throw
 */
export async function setPasswordByLink(
  deps: Deps,
  purpose: keyof typeof LINKS,
  input: { token: string; password: string },
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  const tenantId = tenantOfToken(input.token);
  if (tenantId === undefined) throw linkInvalid();
  const rules = await deps.tenantRules.get(tenantId);
  const password = checkNewPassword(deps, rules.password, input.password);
  const inside = enterOwn({ kind: 'claim', tenantId });
  // Before the hash, so that a made-up link costs none.
  const open = await deps.doors.withTenant(inside, async (tx) => {
    const userId = (await deps.oneTimeTokens.read(tx, purpose, input.token))?.subjectId as UserId | undefined;
    const holder = userId && (await loadPasswordHolder(tx, userId));
    return userId && holder && { userId, holder };
  });
  if (!open) throw linkInvalid();
  const { userId, holder } = open;
  const passwordHash = await hashNewPassword(deps, password, holder);
  const user = await deps.doors.withTenant(inside, async (tx) => {
    // The user before the token, as everybody who changes both takes them: two in the other order would wait for each other.
    const found = await lockUser(tx, userId);
    const spent = await deps.oneTimeTokens.consume(tx, purpose, input.token);
    const { by, mayUse } = LINKS[purpose];
    if (!spent || !found || !mayUse(found) || !(await holdActiveTenant(tx))) throw linkInvalid();
    // The first who proves an address has it. Whoever comes later spends no link: it works once the address is free again.
    if (!(await takeAddress(tx, userId, found.email_key))) throw addressInUse();
    await proveAddress(tx, userId, deps.clock.now());
    const actor = { kind: 'user', id: userId, tenantId, email: found.email } as const;
    await setPassword(
      deps,
      tx,
      { user: { id: userId, email: found.email }, passwordHash, ground: { by, spent }, actor },
      request,
    );
    return found;
  });
  // Whoever proved the mailbox is not kept out by a stranger's failures.
  await deps.doors.asSystem('unlock after a new password', (tx) =>
    clearThrottle(tx, throttleKey(deps, user.email_key)),
  );
}
