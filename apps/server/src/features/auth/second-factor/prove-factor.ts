import type { SecondFactorProof } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import { personal } from '../../audit/index.ts';
import type { Deps } from '../../deps.ts';
import { accountLocked, recordLock } from '../account-locked.ts';
import type { Verdict } from '../attempts.repo.ts';
import type { PasswordOwner } from '../own-password.ts';
import { judgeFactor, type Place } from './attempts.ts';
import { listFactors, loadSecrets } from './factors.repo.ts';
import { type Found, type Method, METHODS } from './methods.ts';
import { recordPasskeyUsed, tellOfCopy } from '../passkeys/passkey-records.ts';
import { backupCodeUsedMail, factorLockedMail } from './second-factor.mails.ts';

declare const proven: unique symbol;
/** A factor that was found right a moment ago, and is not spent yet. Only `proveFactor` makes one. */
export type ProvenFactor = { owner: PasswordOwner; place: Place; method: Method; found: Found } & {
  readonly [proven]: true;
};

/**
 * Compares the proof of a second factor and has it judged by the counter of its owner. The only way to a right factor: at sign-in,
 * for a step-up, wherever one is asked for.
 *
 * @throws {Problem} `request.invalid` unless it is one proof; `auth.mfa_failed` or, in a session, `factors.code_wrong`;
 *   `auth.account_locked`
 */
export async function proveFactor(
  deps: Deps,
  owner: PasswordOwner,
  proof: SecondFactorProof,
  place: Place,
  request: RequestContext,
): Promise<ProvenFactor> {
  const method = methodOf(proof);
  const home = enterOwn({ kind: 'claim', tenantId: owner.tenantId });
  const rows = await deps.doors.withTenant(home, (tx) => loadSecrets(tx, owner.userId, method.kind));
  const found = await method.find(deps, { owner, rows, place }, proof);
  const ok = found !== undefined && found.isCopy !== true;
  const attempt = await judgeFactor(deps, { userId: owner.userId, place, ok });
  if (attempt.verdict === 'accepted' && ok) return { owner, place, method, found } as ProvenFactor;
  await recordWrong(deps, owner, { method, place, ...attempt }, request);
  if (found?.isCopy === true) await tellOfCopy(deps, owner, found.id, request);
  throw attempt.lockedUntil === null
    ? wrong(place, method)
    : accountLocked(
        deps,
        attempt.lockedUntil,
        'The code was wrong too often. Wait, or ask an administrator to unlock the account.',
      );
}

/**
 * Spends a factor that was proved, in the transaction of what it entitles to. A backup code that is used up is told to its owner.
 *
 * @throws {Problem} as for a wrong one, where it was spent meanwhile: of fifty at once, one is taken.
 */
export async function spendFactor(
  deps: Deps,
  tx: TenantTx,
  { owner, place, method, found }: ProvenFactor,
  request: RequestContext,
): Promise<void> {
  if (tx.tenantId !== owner.tenantId) throw new Error('a factor of another tenant');
  if (!(await method.spend(deps, tx, found))) throw wrong(place, method);
  if (method.kind === 'passkey')
    await recordPasskeyUsed(deps, tx, owner, { id: found.id, at: place.at }, request);
  if (method.kind !== 'backup_code') return;
  const left = (await listFactors(tx, owner.userId)).filter(({ kind }) => kind === 'backup_code').length;
  await deps.audit.record(tx, {
    action: 'backup_code_used',
    actor: { kind: 'user', id: owner.userId, tenantId: owner.tenantId, email: owner.email },
    resource: { type: 'user', id: owner.userId },
    after: { left },
    request,
  });
  await deps.outbox.mail(
    tx,
    'backup_code_used',
    backupCodeUsedMail(deps.config, owner.email, left, request),
    request.correlationId,
  );
}

/** SECURITY: one proof, so that none is tried without being counted. */
function methodOf(proof: SecondFactorProof): Method {
  const [only, more] = METHODS.filter((method) => method.isGiven(proof));
  if (only !== undefined && more === undefined) return only;
  const message = 'must have one of totp_code, backup_code and passkey';
  throw new Problem('request.invalid', { detail: `body ${message}.`, errors: [{ path: 'body', message }] });
}

function wrong({ at }: Place, { kind }: Method): Problem {
  if (kind === 'passkey')
    return new Problem(at === 'sign-in' ? 'auth.passkey_failed' : 'factors.passkey_failed', {
      detail: 'Ask for the passkey again, and take one of this account.',
    });
  return new Problem(at === 'sign-in' ? 'auth.mfa_failed' : 'factors.code_wrong', {
    detail:
      'Enter the code that your app shows now, each only once; or a backup code that you have not used.',
  });
}

async function recordWrong(
  deps: Deps,
  { userId, tenantId, email, actor }: PasswordOwner,
  attempt: { method: Method; place: Place; verdict: Verdict; lockedUntil: Date | null },
  request: RequestContext,
): Promise<void> {
  const { method, place, verdict, lockedUntil } = attempt;
  const resource = { type: 'user', id: userId };
  if (place.at === 'sign-in' && verdict !== 'accepted') deps.metrics.signIn(verdict);
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const after = { factor: method.kind, at: place.at, verdict };
    await deps.audit.record(tx, { action: 'second_factor_failed', actor, resource, after, request });
    if (verdict !== 'locked_now') return;
    const of = { actor, resource, email: personal({ tenantId, id: userId }, email), lockedUntil };
    const mail = factorLockedMail(deps.config, email, place.at, request);
    await recordLock(deps, tx, { ...of, by: 'second factor', mail }, request);
  });
}
