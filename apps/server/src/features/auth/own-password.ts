import { enterOwn } from '../../platform/access/index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { actorOf, type AuditEntry, personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { accountLocked, recordLock } from './account-locked.ts';
import { type Account, loadAccount } from './account.repo.ts';
import type { Verdict } from './attempts.repo.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { judgeAttempt } from './lockout.ts';
import { comparePassword } from './login.ts';
import type { ComparedPassword } from './present-password.ts';
import { passwordCheckLockedMail } from './recovery.mails.ts';
import { openPassword } from './sealed-credentials.ts';

declare const proven: unique symbol;
/** The present password, given by its owner a moment ago. Only `checkOwnPassword` makes one. */
export type ProvenPassword = ComparedPassword & { readonly [proven]: true };

/** Whose password is asked for, and who asks to go on. */
export interface PasswordOwner {
  userId: UserId;
  tenantId: TenantId;
  email: string;
  actor: AuditEntry['actor'];
}

/** Somebody who is signed in, as the owner of the password. */
export const ownerOf = (principal: SignedInPrincipal): PasswordOwner => ({
  userId: principal.userId,
  tenantId: principal.homeTenantId,
  email: principal.email,
  actor: actorOf(principal),
});

/**
 * Asks somebody for their password once more: who is signed in, or holds a link of the account.
 *
 * SECURITY: wrong ones are counted by account, whatever the session or browser: whoever has taken over a session gets five
 * guesses in all, not five for each session. They are counted apart from sign-in, so that strangers cannot keep the owner from
 * changing the password, nor a thief of the session lock the owner out of signing in.
 *
 * @throws {Problem} `password.current_wrong`, `auth.account_locked`, `auth.busy`
 */
export async function checkOwnPassword(
  deps: Deps,
  owner: PasswordOwner,
  password: string,
  request: RequestContext,
): Promise<ProvenPassword> {
  const key = emailKey(owner.email);
  const found = await loadAccount(deps.doors, key);
  const account = found?.userId === owner.userId ? found : undefined;
  const right = await comparePassword(deps, account, password);
  const attempt = await judgeAttempt(deps, {
    emailKey: key,
    userId: owner.userId,
    device: 'signed in',
    ok: right,
  });
  if (attempt.verdict === 'accepted' && account?.credentialId && account.secretSealed)
    return {
      userId: account.userId,
      credentialId: account.credentialId,
      hash: openPassword(deps.sealer, account, account.secretSealed),
    } as ProvenPassword;
  await recordWrong(deps, owner, account, attempt, request);
  throw attempt.lockedUntil === null
    ? currentWrong()
    : accountLocked(
        deps,
        attempt.lockedUntil,
        'The password was wrong too often. Wait, or have a link mailed with which you can set a new one.',
      );
}

export const currentWrong = () =>
  new Problem('password.current_wrong', { detail: 'Enter the password that you sign in with now.' });

async function recordWrong(
  deps: Deps,
  { userId, tenantId, email, actor }: PasswordOwner,
  account: Account | undefined,
  { verdict, lockedUntil }: { verdict: Verdict; lockedUntil: Date | null },
  request: RequestContext,
): Promise<void> {
  const resource = { type: 'user', id: userId };
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    await deps.audit.record(tx, {
      action: 'password_check_failed',
      actor,
      resource,
      after: { verdict },
      request,
    });
    if (verdict !== 'locked_now') return;
    const of = { actor, resource, email: personal({ tenantId, id: userId }, email), lockedUntil };
    const mail = account && passwordCheckLockedMail(deps.config, account.email, request);
    await recordLock(deps, tx, { ...of, by: 'password check', mail }, request);
  });
}
