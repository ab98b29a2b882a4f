import { addressIndex } from '../../platform/address-index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';
import { actorOf, type AuditEntry, hasSubjectKey } from '../audit/index.ts';
import { forgetThrottle, type SignedInPrincipal, throttleKey } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { keepAdministrators } from '../roles/index.ts';
import { endSessionsOf, holdPlacesOf, isSessionLive } from '../sessions/index.ts';
import { actOnUser, deleteUserRow } from '../users/index.ts';
import { erasedMail } from './erased.mails.ts';
import { forgetAddress, forgetInvitations, forgetLinksHere, forgetMailHere } from './forget-address.repo.ts';
import type { By } from './hand-over.ts';
import { homeOf } from './home.ts';
import {
  holdPerson,
  isSignInAddress,
  listAddressesOfLinks,
  listMembershipsElsewhere,
} from './person.repo.ts';

/** Who erases, as the record says it. */
export interface Eraser {
  by: By;
  actor: AuditEntry['actor'];
  request: RequestContext | undefined;
}

/** What has to be forgotten after the transaction, where nothing is bound to it. */
export interface Erased {
  /** Undefined for an address that never signed in to the account, and for an account that was deleted before. */
  emailKey: string | undefined;
}

/**
 * Erases a person of the entered tenant (GDPR Art. 17), in one transaction: the account goes with sessions, credentials, links,
 * memberships everywhere and mail that waits; the key goes under which records and consents say who they are, so that the rest of
 * them stays, and verifies, and says nothing of anybody.
 *
 * Whoever calls has decided that it may be, holds the tenant to its administrators, and calls `afterErasing` when it has committed.
 *
 * @throws {Problem} `resource.not_found`
 */
export async function erasePerson(deps: Deps, tx: TenantTx, id: string, eraser: Eraser): Promise<Erased> {
  const now = deps.clock.now();
  const person = await holdPerson(tx, id);
  if (person === undefined) return eraseTraces(deps, tx, id, eraser);
  const userId = person.id as UserId;
  const elsewhere = await listMembershipsElsewhere(tx, userId);
  const address = addressIndex(deps.blindIndex, person.email);
  // SECURITY: anybody may type a stranger's address, for a user or as one's own next one, and erase that user: what waits for the
  // owner elsewhere, and what protects them, goes by nothing but an address that was proved.
  const proved = await isSignInAddress(tx, userId, person.email_key);
  // Before the memberships go: by them it knows in which tenants to look.
  if (proved) await forgetAddress(tx, address, userId);
  else {
    await forgetMailHere(tx, address);
    await forgetLinksHere(tx, address);
  }
  // The links themselves are the user's own, and go with those below.
  for (const each of await listAddressesOfLinks(tx, userId)) await forgetMailHere(tx, each);
  await forgetInvitations(tx, { emailKey: person.email_key, address, userId, now });
  await deps.oneTimeTokens.erase(tx, userId);
  await holdPlacesOf(tx, userId);
  const endedSessions = await endSessionsOf(tx, userId, 'user erased', now);
  await deleteUserRow(tx, userId, now);
  await deps.subjectKeys.erase(tx, userId);
  await record(deps, tx, userId, eraser, { endedSessions, membershipsElsewhere: elsewhere.length });
  await deps.outbox.mail(
    tx,
    'account_erased',
    erasedMail(deps.config, person.email),
    eraser.request?.correlationId ?? userId.replaceAll('-', ''),
  );
  return { emailKey: proved ? person.email_key : undefined };
}

/** Of somebody whose account was only deleted, records and consents still say who they were. */
async function eraseTraces(deps: Deps, tx: TenantTx, id: string, eraser: Eraser): Promise<Erased> {
  if (!(await hasSubjectKey(tx, id)))
    throw new Problem('resource.not_found', { detail: 'There is no such user in this tenant.' });
  await deps.subjectKeys.erase(tx, id);
  await deps.oneTimeTokens.erase(tx, id);
  // Other processes may remember the key.
  await insertRevocations(tx, 'user', [{ id, epoch: 0 }], deps.clock.now());
  await record(deps, tx, id, eraser, { endedSessions: 0, membershipsElsewhere: 0 });
  return { emailKey: undefined };
}

const record = (deps: Deps, tx: TenantTx, id: string, eraser: Eraser, after: Record<string, number>) =>
  deps.audit.record(tx, {
    action: 'data_erased',
    actor: eraser.actor,
    resource: { type: 'user', id },
    after: { by: eraser.by, ...after },
    request: eraser.request,
  });

/**
 * Counters of the address, which belong to no tenant and name nobody: keyed hashes. Whoever registers with the address again
 * meets none of them. Were the process to die before this, they would go by themselves within two days.
 */
export async function afterErasing(deps: Deps, { emailKey }: Erased): Promise<void> {
  deps.subjectKeys.forget();
  if (emailKey === undefined) return;
  const key = throttleKey(deps, emailKey);
  try {
    await deps.doors.asSystem('forget the counters of an address', (tx) => forgetThrottle(tx, key));
    await deps.mailLimits.forget(emailKey);
  } catch (error) {
    // The person is erased all the same, and has to be told so.
    deps.log.warn({ err: error }, 'counters of an erased address are left; they go by themselves');
  }
}

/**
 * Erases whoever is signed in. The route asks for a proof that was given just now.
 *
 * @throws {Problem} `auth.session_expired`, `users.last_administrator`
 */
export async function eraseOwn(
  deps: Deps,
  principal: SignedInPrincipal,
  request: RequestContext,
): Promise<void> {
  const erased = await deps.doors.withTenant(homeOf(principal), (tx) =>
    keepAdministrators(tx, async () => {
      const person = await holdPerson(tx, principal.userId);
      // SECURITY: meanwhile the owner may have ended this session, by another password or by hand.
      if (person === undefined || !(await isSessionLive(tx, principal.sessionId)))
        throw new Problem('auth.session_expired', { detail: 'Sign in again, if there is still an account.' });
      return erasePerson(deps, tx, principal.userId, { by: 'owner', actor: actorOf(principal), request });
    }),
  );
  await afterErasing(deps, erased);
}

/**
 * Erases somebody else, on their request or by law.
 *
 * @throws {Problem} whatever `actOnPerson` throws
 */
export async function eraseUser(deps: Deps, caller: Caller, id: string): Promise<void> {
  const { principal, request } = caller;
  const erased = await actOnUser(deps, caller, id, (tx, user) =>
    erasePerson(deps, tx, user.id, { by: 'administrator', actor: actorOf(principal), request }),
  );
  await afterErasing(deps, erased);
}
