import { enterOwn } from '../../platform/access/index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { actorOf, personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { type Account, loadAccount } from './account.repo.ts';
import type { Verdict } from './attempts.repo.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { judgeAttempt } from './lockout.ts';
import { comparePassword } from './login.ts';
import { passwordCheckLockedMail } from './recovery.mails.ts';

declare const proven: unique symbol;
/** The present password, given by its owner a moment ago. Only `checkOwnPassword` makes one. */
export type ProvenPassword = {
  readonly userId: UserId;
  readonly credentialId: string;
  readonly secretSealed: string;
  readonly [proven]: true;
};

/**
 * Asks somebody who is signed in for their password once more.
 *
 * SECURITY: wrong ones are counted by account, whatever the session or browser: whoever has taken over a session gets five
 * guesses in all, not five for each session. They are counted apart from sign-in, so that strangers cannot keep the owner from
 * changing the password, nor a thief of the session lock the owner out of signing in.
 *
 * @throws {Problem} `password.current_wrong`, `auth.account_locked`, `auth.busy`
 */
export async function checkOwnPassword(
  deps: Deps,
  principal: SignedInPrincipal,
  password: string,
  request: RequestContext,
): Promise<ProvenPassword> {
  const key = emailKey(principal.email);
  const found = await loadAccount(deps.doors, key);
  const account = found?.userId === principal.userId ? found : undefined;
  const right = await comparePassword(deps, account, password);
  const attempt = await judgeAttempt(deps, {
    emailKey: key,
    userId: principal.userId,
    device: 'signed in',
    ok: right,
  });
  if (attempt.verdict === 'accepted' && account?.credentialId && account.secretSealed)
    return {
      userId: account.userId,
      credentialId: account.credentialId,
      secretSealed: account.secretSealed,
    } as ProvenPassword;
  await recordWrong(deps, principal, account, attempt, request);
  throw attempt.lockedUntil === null ? currentWrong() : locked(deps, attempt.lockedUntil);
}

export const currentWrong = () =>
  new Problem('password.current_wrong', { detail: 'Enter the password that you sign in with now.' });

const locked = (deps: Deps, until: Date) =>
  new Problem('auth.account_locked', {
    detail: 'The password was wrong too often. Wait, or have a link mailed with which you can set a new one.',
    retryAfter: (until.getTime() - deps.clock.now().getTime()) / 1000,
  });

async function recordWrong(
  deps: Deps,
  principal: SignedInPrincipal,
  account: Account | undefined,
  { verdict, lockedUntil }: { verdict: Verdict; lockedUntil: Date | null },
  request: RequestContext,
): Promise<void> {
  const tenantId = principal.homeTenantId;
  const email = personal({ tenantId, id: principal.userId }, principal.email);
  const common = {
    actor: actorOf(principal),
    resource: { type: 'user', id: principal.userId },
    request,
  };
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    await deps.audit.record(tx, {
      ...common,
      action: 'password_check_failed',
      after: { verdict, session: principal.sessionId },
    });
    if (verdict !== 'locked_now') return;
    await deps.audit.record(tx, {
      ...common,
      action: 'account_locked',
      after: { email, lockedUntil: lockedUntil?.toISOString() ?? null, by: 'password check' },
    });
    if (account)
      await deps.outbox.mail(
        tx,
        'account_locked',
        passwordCheckLockedMail(deps.config, account.email, request),
        request.correlationId,
      );
  });
}
