import type { Factor, NewTotp, OwnFactors, PasskeyCreationOptions } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import { actorOf, personal } from '../../audit/index.ts';
import type { Deps } from '../../deps.ts';
import { isOpenAccount, lockUser } from '../account.repo.ts';
import type { SignedInPrincipal } from '../authenticate.ts';
import type { OpenedSession } from '../open-session.ts';
import { ownerOf, type PasswordOwner } from '../own-password.ts';
import { beginPasskey } from '../passkeys/add-passkey.ts';
import { loadRelyingParty } from '../passkeys/relying-party.ts';
import { beginTotp } from './add-totp.ts';
import { replaceBackupCodes } from './backup-codes.ts';
import type { ConfirmedFactor } from './factor-added.ts';
import {
  deleteFactor,
  deleteFactors,
  hasSecondFactor,
  hasWayInWithout,
  listFactors,
  renameFactor,
} from './factors.repo.ts';
import { endPending } from './pending-sign-in.ts';
import { isSettledBy, mayHaveFactors, withSecondFactor } from './policy.ts';
import { countRememberedDevices, forgetDevices } from '../../sessions/index.ts';
import { factorsChangedMail } from './second-factor.mails.ts';
import { goOn } from './step-up.ts';

const homeOf = (principal: SignedInPrincipal) =>
  enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });

/** What the account can prove besides its first factor. */
export async function listOwnFactors(deps: Deps, principal: SignedInPrincipal): Promise<OwnFactors> {
  const { homeTenantId, userId } = principal;
  const { mfa } = await deps.tenantRules.get(homeTenantId);
  const mayAdd = await mayHaveFactors(deps, homeTenantId, userId);
  const [held, rememberedDevices] = await deps.doors.withTenant(homeOf(principal), async (tx) => [
    await listFactors(tx, userId),
    await countRememberedDevices(tx, userId, deps.clock.now()),
  ]);
  return {
    policy: mfa.policy,
    mayAdd,
    mayAddPasskey: loadRelyingParty(deps.config) !== undefined,
    factors: held.filter(({ kind }) => kind !== 'backup_code').map(factorOf),
    backupCodesLeft: held.filter(({ kind }) => kind === 'backup_code').length,
    rememberedDevices,
  };
}

const factorOf = (row: Awaited<ReturnType<typeof listFactors>>[number]): Factor => ({
  id: row.id,
  kind: row.kind,
  label: row.label,
  createdAt: row.created_at.toISOString(),
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
});

/** @throws {Problem} `factors.off` */
export async function beginOwnTotp(deps: Deps, principal: SignedInPrincipal): Promise<NewTotp> {
  const { homeTenantId: tenantId, userId, email } = principal;
  if (!(await mayHaveFactors(deps, tenantId, userId)))
    throw new Problem('factors.off', { detail: 'Ask an administrator of your organisation to allow them.' });
  return deps.doors.withTenant(homeOf(principal), (tx) => beginTotp(deps, tx, { tenantId, userId, email }));
}

/**
 * Whatever the tenant says of second factors: a passkey is a way in by itself as well.
 *
 * @throws {Problem} `factors.passkeys_unavailable`
 */
export const beginOwnPasskey = (deps: Deps, principal: SignedInPrincipal): Promise<PasskeyCreationOptions> =>
  deps.doors.withTenant(homeOf(principal), (tx) =>
    beginPasskey(deps, tx, ownerOf(principal), principal.sessionId),
  );

/**
 * Adds a confirmed factor. It was proved in this session by that, which goes on under a new id.
 *
 * @throws {Problem} what `confirm` throws, `factors.too_many`, `auth.session_expired`
 */
export async function addOwnFactor(
  deps: Deps,
  principal: SignedInPrincipal,
  confirm: (owner: PasswordOwner) => Promise<ConfirmedFactor>,
  request: RequestContext,
): Promise<{ opened: OpenedSession; backupCodes: string[] | undefined }> {
  const owner = ownerOf(principal);
  const confirmed = await confirm(owner);
  let backupCodes: string[] | undefined;
  const amr = withSecondFactor(principal.session.amr, confirmed.amr);
  const opened = await goOn(deps, principal, amr, request, async (tx, { email }) => {
    backupCodes = await confirmed.add(tx, { ...owner, email });
  });
  return { opened, backupCodes };
}

/** @throws {Problem} `resource.not_found`, `auth.session_expired` */
export function renameOwnFactor(
  deps: Deps,
  principal: SignedInPrincipal,
  { id, label }: { id: string; label: string | null },
  request: RequestContext,
): Promise<Factor> {
  const { userId, homeTenantId: tenantId } = principal;
  return deps.doors.withTenant(homeOf(principal), async (tx) => {
    if (!isOpenAccount(await lockUser(tx, userId)))
      throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    const before = await renameFactor(tx, userId, id, label, deps.clock.now());
    const renamed = (await listFactors(tx, userId)).find((each) => each.id === id);
    if (!before || !renamed) throw noSuchFactor();
    const self = { tenantId, id: userId };
    await deps.audit.record(tx, {
      action: 'factor_renamed',
      actor: actorOf(principal),
      resource: { type: 'credential', id },
      before: { label: personal(self, before.label) },
      after: { label: personal(self, label) },
      request,
    });
    return factorOf(renamed);
  });
}

const noSuchFactor = () => new Problem('resource.not_found', { detail: 'You have no such factor.' });

/**
 * Removes a factor of one's own; with the last one go the backup codes. The owner is told.
 *
 * @throws {Problem} `resource.not_found`, `factors.last` where the home tenant demands one, `users.last_way_in`, `auth.session_expired`
 */
export async function removeOwnFactor(
  deps: Deps,
  principal: SignedInPrincipal,
  id: string,
  request: RequestContext,
): Promise<void> {
  const { userId } = principal;
  await deps.doors.withTenant(homeOf(principal), async (tx) => {
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user)) throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    const removed = await deleteFactor(tx, userId, id);
    if (!removed) throw noSuchFactor();
    if (removed.kind === 'passkey' && !(await hasWayInWithout(tx, userId, id)))
      throw new Problem('users.last_way_in', {
        detail: 'Set a password, or add another passkey first, then remove this one.',
      });
    const { mfa } = await deps.tenantRules.within(tx);
    const isLast = !(await hasSecondFactor(tx, userId));
    if (isLast && !isSettledBy(mfa, []))
      throw new Problem('factors.last', { detail: 'Add another one first, then remove this one.' });
    if (isLast) await deleteFactors(tx, userId);
    await endPending(deps, tx, userId);
    await forgetDevices(tx, userId);
    await deps.audit.record(tx, {
      action: 'factor_removed',
      actor: actorOf(principal),
      resource: { type: 'credential', id },
      before: { factor: removed.kind },
      after: { last: isLast },
      request,
    });
    const mail = factorsChangedMail(deps.config, user.email, 'removed', request);
    await deps.outbox.mail(tx, 'factors_changed', mail, request.correlationId);
  });
}

/**
 * New backup codes; those before are worth nothing. The owner is told.
 *
 * @throws {Problem} `resource.not_found` where there is no factor that they could stand in for
 */
export function renewBackupCodes(
  deps: Deps,
  principal: SignedInPrincipal,
  request: RequestContext,
): Promise<string[]> {
  const { userId, homeTenantId: tenantId } = principal;
  return deps.doors.withTenant(homeOf(principal), async (tx) => {
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user)) throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    if (!(await hasSecondFactor(tx, userId)))
      throw new Problem('resource.not_found', { detail: 'Add an authenticator app first.' });
    const codes = await replaceBackupCodes(deps, tx, { tenantId, userId });
    await deps.audit.record(tx, {
      action: 'backup_codes_created',
      actor: actorOf(principal),
      resource: { type: 'user', id: userId },
      after: { count: codes.length },
      request,
    });
    const mail = factorsChangedMail(deps.config, user.email, 'codes', request);
    await deps.outbox.mail(tx, 'factors_changed', mail, request.correlationId);
    return codes;
  });
}
