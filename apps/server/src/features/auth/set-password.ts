import type { SetPasswordRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import { clearThrottle } from './throttles.repo.ts';
import type { Deps } from '../deps.ts';
import { endSessionsOf } from '../sessions/index.ts';
import { activate, writePassword } from './credentials.repo.ts';
import { throttleKey } from './lockout.ts';
import { checkPasswordsAllowed } from './login.ts';
import { checkNewPassword } from './password-rules.ts';
import { linkInvalid } from './register.ts';
import { sealPassword } from './sealed-password.ts';

/**
 * Sets a password by the single-use link that an administrator's "add user" mailed (spec W11). The link proves the address:
 * an invited user becomes an active one. All sessions of the user end.
 *
 * @throws {Problem} `password.too_weak`, `password.too_long`, `auth.link_invalid`
 */
export async function setPassword(
  deps: Deps,
  input: SetPasswordRequest,
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  checkNewPassword(input.password);
  const tenantId = tenantOfToken(input.token);
  if (tenantId === undefined) throw linkInvalid();
  const inside = enterOwn({ kind: 'claim', tenantId });
  // Before the hash, so that a made-up link costs none.
  const open = await deps.doors.withTenant(inside, (tx) =>
    deps.oneTimeTokens.read(tx, 'set-password', input.token),
  );
  if (open === undefined) throw linkInvalid();
  const passwordHash = await deps.passwords.hash(input.password);
  const now = deps.clock.now();
  const user = await deps.doors.withTenant(inside, async (tx) => {
    const spent = await deps.oneTimeTokens.consume(tx, 'set-password', input.token);
    if (!spent?.subjectId) throw linkInvalid();
    const userId = spent.subjectId as UserId;
    const found = await activate(tx, userId, now);
    if (!found) throw linkInvalid();
    await writePassword(tx, userId, sealPassword(deps.sealer, { tenantId, userId }, passwordHash), now);
    await deps.oneTimeTokens.revoke(tx, 'set-password', userId);
    const ended = await endSessionsOf(tx, userId, 'password changed', now);
    await deps.audit.record(tx, {
      action: 'password_changed',
      actor: { kind: 'user', id: userId, tenantId, email: found.email },
      resource: { type: 'user', id: userId },
      after: { by: 'link', endedSessions: ended },
      request,
    });
    return found;
  });
  // Whoever proved the mailbox is not kept out by a stranger's failures.
  await deps.doors.asSystem('unlock after a new password', (tx) =>
    clearThrottle(tx, throttleKey(deps, user.email_key)),
  );
}
