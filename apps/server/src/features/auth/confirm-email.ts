import type { ConfirmEmailRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey } from '../../platform/email.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { type Purpose, type SpentToken, tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import { personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { holdActiveTenant, isOpenAccount, type LockedUser, lockUser } from './account.repo.ts';
import { isPasswordStill } from './present-password.ts';
import { moveToAddress, proveAddress } from './email.repo.ts';
import { addressInUse, linkInvalid } from './links.ts';
import { checkPasswordsAllowed } from './login.ts';
import { checkOwnPassword, currentWrong, type PasswordOwner } from './own-password.ts';
import { emailChangedMail } from './recovery.mails.ts';

/** Links that were mailed to the former address, or for it. */
const ENDED_LINKS: readonly Purpose[] = [
  'set-password',
  'reset-password',
  'verify-email',
  'change-email',
  'mail-link',
  'mail-code',
];

/**
 * Moves an account to the address that its owner asked for, by the link that was mailed there and the password (spec W11). Both
 * addresses are told; what was mailed to the former one opens nothing any more.
 *
 * SECURITY: never by the link alone. Whoever has an account can have a link to it mailed to a stranger; a stranger who opens it
 * would give that account a proved address of theirs, to be linked and recovered by, with somebody else inside (threat 23).
 *
 * @throws {Problem} `auth.sso_required`, `auth.link_invalid`, `password.current_wrong`, `auth.account_locked`, `auth.busy`,
 *   `users.email_in_use` where somebody else came by the address meanwhile
 */
export async function confirmEmail(
  deps: Deps,
  input: ConfirmEmailRequest,
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  // Before the hash, so that a made-up link costs none; and a slip does not spend it.
  const owner = await ownerOfLink(deps, input.token);
  const proven = await checkOwnPassword(deps, owner, input.password, request);
  await byLink(deps, 'change-email', input.token, async (tx, { userId, user, spent }) => {
    if (userId !== proven.userId) throw linkInvalid();
    if (!(await isPasswordStill(deps, tx, proven))) throw currentWrong();
    const { email } = spent.payload as { email: string };
    const now = deps.clock.now();
    if (!(await moveToAddress(tx, userId, { email, emailKey: emailKey(email), now }))) throw addressInUse();
    for (const purpose of ENDED_LINKS) await deps.oneTimeTokens.revoke(tx, purpose, userId);
    for (const to of [{ old: user.email }, { fresh: email }])
      await deps.outbox.mail(tx, 'email_changed', emailChangedMail(deps.config, to), request.correlationId);
    const self = { tenantId: tx.tenantId, id: userId };
    await deps.audit.record(tx, {
      action: 'email_changed',
      actor: { kind: 'user', id: userId, tenantId: tx.tenantId, email: user.email },
      resource: { type: 'user', id: userId },
      before: { email: personal(self, user.email) },
      after: { email: personal(self, email) },
      request,
    });
  });
}

async function ownerOfLink(deps: Deps, token: string): Promise<PasswordOwner> {
  const tenantId = tenantOfToken(token);
  if (tenantId === undefined) throw linkInvalid();
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const open = await deps.oneTimeTokens.read(tx, 'change-email', token);
    if (!open?.subjectId) throw linkInvalid();
    const userId = open.subjectId as UserId;
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user)) throw linkInvalid();
    const actor = { kind: 'anonymous', subject: { tenantId, id: userId } } as const;
    return { userId, tenantId, email: user.email, actor };
  });
}

/**
 * Proves the address that an account has, by the link that was mailed there.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export const verifyEmail = (deps: Deps, token: string, request: RequestContext): Promise<void> =>
  byLink(deps, 'verify-email', token, async (tx, { userId, user, spent }) => {
    // SECURITY: the link proves the address that it was mailed to, and no other that the account came by since.
    if ((spent.payload as { emailKey: string }).emailKey !== user.email_key) throw linkInvalid();
    await proveAddress(tx, userId, deps.clock.now());
    const self = { tenantId: tx.tenantId, id: userId };
    await deps.audit.record(tx, {
      action: 'email_verified',
      actor: { kind: 'user', id: userId, tenantId: tx.tenantId, email: user.email },
      resource: { type: 'user', id: userId },
      after: { email: personal(self, user.email) },
      request,
    });
  });

async function byLink(
  deps: Deps,
  purpose: Purpose,
  token: string,
  work: (tx: TenantTx, of: { userId: UserId; user: LockedUser; spent: SpentToken }) => Promise<void>,
): Promise<void> {
  const tenantId = tenantOfToken(token);
  if (tenantId === undefined) throw linkInvalid();
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    // The user before the token, as everybody who changes both takes them (lockUser).
    const open = await deps.oneTimeTokens.read(tx, purpose, token);
    if (!open?.subjectId) throw linkInvalid();
    const userId = open.subjectId as UserId;
    const user = await lockUser(tx, userId);
    const spent = await deps.oneTimeTokens.consume(tx, purpose, token);
    if (!spent || !isOpenAccount(user) || !(await holdActiveTenant(tx))) throw linkInvalid();
    await work(tx, { userId, user, spent });
  });
}
