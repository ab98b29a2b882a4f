import { enterOwn } from '../../platform/access/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { personal, subjectOfTheDay } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { recordLock } from './account-locked.ts';
import type { Account } from './account.repo.ts';
import type { Verdict } from './attempts.repo.ts';
import { accountLockedMail } from './auth.mails.ts';

export interface Refusal {
  account: Pick<Account, 'tenantId' | 'userId' | 'email'> | undefined;
  /** The address that was typed, or the id of the passkey: what there is to record of an account that nobody has. */
  email: string;
  /** The password was right, but the client belongs to another tenant, or the tenant's rules do not let this person in from here. */
  verdict: Verdict | 'client' | 'rules';
  lockedUntil: Date | null;
  /** If not by a password. */
  by?: 'passkey';
}

/**
 * Puts a refused sign-in on record: in the tenant of the account where there is one, else in the root tenant, with the
 * address sealed under a key of the day. The failure that locks tells the owner by mail.
 */
export async function recordRefusal(deps: Deps, refusal: Refusal, request: RequestContext): Promise<void> {
  const { account, verdict, by } = refusal;
  if (verdict !== 'accepted') deps.metrics.signIn(verdict);
  const tenantId = account?.tenantId ?? ROOT_TENANT;
  const subject = account ? { tenantId, id: account.userId } : subjectOfTheDay(deps.clock.now());
  const resource = { type: account ? 'user' : (by ?? 'address'), id: account?.userId ?? null };
  const actor = { kind: 'anonymous', subject } as const;
  const address = account?.email ?? refusal.email;
  const mailIsLeft = verdict === 'locked_now' && (await deps.mailLimits.isLeft('account-locked', address));
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const email = personal(subject, address);
    await deps.audit.record(tx, {
      action: 'failed_login',
      actor,
      resource,
      after: { [by && !account ? 'passkey' : 'email']: email, verdict, ...(by && { by }) },
      request,
    });
    if (verdict !== 'locked_now') return;
    // SECURITY: as many statements for an address that nobody has (threat 51).
    const send = account && mailIsLeft ? 'mail' : 'withhold';
    const mail = accountLockedMail(deps.config, address, request);
    const { lockedUntil } = refusal;
    await recordLock(deps, tx, { actor, resource, email, lockedUntil, mail, send }, request);
  });
}
