import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey, isAddress } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { ROOT_TENANT, type UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import {
  holdGround,
  isServedBy,
  clientNotAllowed,
  loadAccount,
  lockUser,
  proveForTheFirstTime,
  type SignInOutcome,
} from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { insertUser, loadHomePrincipal, loadUserByAddress } from '../people/index.ts';
import { governingBeyondAuthor } from '../roles/index.ts';
import { openOwnTenant } from '../tenants/index.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { isOwnDomain } from './domains.repo.ts';
import { type Entering, holdRoles, noAccount, openFor } from './entering.ts';
import { insertIdentity, keyOf, type LinkedBy, loadLink } from './identities.repo.ts';
import { inOneLine } from './in-one-line.ts';
import { linkRequired } from './link-after-sign-in.ts';
import type { ProvedIdentity } from './providers/provider.ts';
import { domainOf, type Vouching, vouchingOf } from './vouching.ts';

export type WithEmail = Entering & { identity: ProvedIdentity & { email: string } };

/**
 * Somebody whom the provider means and nobody here knows yet (spec W8, W9): the address decides, as far as the provider's word for it
 * goes. Undefined when somebody else of the same identity or address came in at this very moment.
 */
export async function enterForTheFirstTime(
  deps: Deps,
  entering: Entering,
  request: RequestContext,
): Promise<SignInOutcome | undefined> {
  const { row, identity } = entering;
  const email = identity.email?.trim();
  // SECURITY: no address is no address, and matches nobody's (threat 22).
  if (email === undefined || !isAddress(email)) throw unproved();
  const known: WithEmail = { ...entering, identity: { ...identity, email } };
  return row.scope === 'tenant' ? enterTenant(deps, known, request) : enterPlatform(deps, known, request);
}

/** By a connection of a tenant: into this tenant, or nowhere. What happens in another tenant by the same address is no business of it. */
async function enterTenant(
  deps: Deps,
  entering: WithEmail,
  request: RequestContext,
): Promise<SignInOutcome | undefined> {
  const { row, identity } = entering;
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), async (tx) => {
    await holdRoles(tx, row);
    const isOwn = await isOwnDomain(tx, domainOf(identity.email));
    const vouching = vouchingOf(deps.config, row, identity, isOwn);
    if (!vouching.proved) throw unproved();
    const existing = await loadUserByAddress(tx, emailKey(identity.email));
    if (existing !== undefined)
      return enterExisting(deps, tx, entering, existing, { vouching, isOwn }, request);
    // SECURITY: a tenant makes users of its own domains alone (threat 4).
    if (!isOwn) throw domainUnproved();
    if (!row.settings.createUsers) throw noAccount();
    const user = await createUser(deps, tx, entering, { entersByConnection: true }, request);
    if (user === undefined) return undefined;
    return linkAndOpen(deps, tx, entering, user.id, request);
  });
}

/** By a connection of the platform: into the account that the address enters, wherever it is at home; else into a new one. */
async function enterPlatform(
  deps: Deps,
  entering: WithEmail,
  request: RequestContext,
): Promise<SignInOutcome | undefined> {
  const { row, identity } = entering;
  const account = await loadAccount(deps.doors, emailKey(identity.email));
  if (account !== undefined)
    return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: account.tenantId }), async (tx) => {
      const isOwn = await isOwnDomain(tx, domainOf(identity.email));
      const vouching = vouchingOf(deps.config, row, identity, isOwn);
      if (!vouching.proved) throw unproved();
      return enterExisting(deps, tx, entering, account.userId, { vouching, isOwn }, request);
    });
  const { proved, authoritative } = vouchingOf(deps.config, row, identity, false);
  if (!proved) throw unproved();
  const inRoot = enterOwn({ kind: 'claim', tenantId: ROOT_TENANT });
  // People of the deployment itself, by its own settings.
  if (deps.config.allowedEmailDomains.includes(domainOf(identity.email))) {
    if (!authoritative) throw noAccount();
    return deps.doors.withTenant(inRoot, async (tx) => {
      const user = await createUser(deps, tx, entering, {}, request);
      return user && linkAndOpen(deps, tx, entering, user.id, request);
    });
  }
  if (deps.config.registration === 'closed' || deps.config.authPolicy === 'restricted') throw noAccount();
  return deps.doors.withTenant(inRoot, (tx) => register(deps, tx, entering, request));
}

/**
 * There is a user of this address. It is one person with whoever comes where both sides proved the address (spec W8); where only the
 * provider did, whoever set up the account goes; otherwise the person signs in to the account first.
 */
async function enterExisting(
  deps: Deps,
  tx: TenantTx,
  entering: WithEmail,
  userId: UserId,
  { vouching, isOwn }: { vouching: Vouching; isOwn: boolean },
  request: RequestContext,
): Promise<SignInOutcome> {
  const { row, identity } = entering;
  const user = await lockUser(tx, userId);
  if (!user || user.status === 'suspended' || !(await holdGround(tx, tx.tenantId, entering.client.clientId)))
    throw noAccount();
  // The address was another one when it was looked up.
  if (user.email_key !== emailKey(identity.email)) throw noAccount();
  if (!vouching.authoritative && (row.kind === 'oidc' || row.kind === 'saml') && !isOwn)
    throw domainUnproved();
  if (!vouching.authoritative || (await isAboveAuthor(deps, tx, row, userId)))
    throw linkRequired(deps, tx, entering, userId);
  if (user.email_verified_at === null) {
    await proveForTheFirstTime(deps, tx, { id: userId, by: { connection: row.id } }, request);
  }
  return linkAndOpen(deps, tx, entering, userId, request);
}

/**
 * SECURITY: whoever may change a connection may have it say what they like. It does not make them somebody who stands above them
 * (threat 72; docs/adr/0016).
 */
export async function isAboveAuthor(
  deps: Deps,
  tx: TenantTx,
  row: ConnectionRow,
  userId: UserId,
): Promise<boolean> {
  if (row.scope === 'platform') return false;
  if (row.author_tenant_id === null || row.author_principal_id === null) return true;
  const author = { tenantId: row.author_tenant_id, principalId: row.author_principal_id };
  const principalId = await loadHomePrincipal(tx, userId);
  return (await governingBeyondAuthor(tx, author, principalId, deps.clock.now())) !== undefined;
}

async function createUser(
  deps: Deps,
  tx: TenantTx,
  { row, identity }: WithEmail,
  how: { entersByConnection?: true },
  request: RequestContext,
) {
  const { email } = identity;
  const name = nameOf(identity);
  const user = await insertUser(tx, { email, name, status: 'active', now: deps.clock.now(), ...how });
  if (user === undefined) return undefined;
  const self = { tenantId: tx.tenantId, id: user.id };
  await deps.audit.record(tx, {
    action: 'user_created',
    actor: { kind: 'user', ...self, email },
    resource: { type: 'user', id: user.id },
    after: {
      email: personal(self, email),
      name: personal(self, name),
      status: 'active',
      by: 'connection',
      connection: row.id,
    },
    request,
  });
  return user;
}

/** What a provider calls somebody, where it is a name that we would take from the person; else the address. */
export const nameOf = ({ name, email }: WithEmail['identity']): string => {
  const fit = inOneLine(name ?? '');
  return /[\p{L}\p{N}]/u.test(fit) ? fit : email;
};

/** Registration by a provider that proved the address: a tenant of one's own, and never one that exists (spec W11). */
function register(
  deps: Deps,
  tx: TenantTx,
  entering: WithEmail,
  request: RequestContext,
): Promise<SignInOutcome> {
  if (!isServedBy(entering.client, undefined)) throw clientNotAllowed();
  const { identity } = entering;
  const addUser = async (inside: TenantTx) => {
    const user = await createUser(deps, inside, entering, {}, request);
    // The address came to enter an account meanwhile.
    if (user === undefined) throw noAccount();
    return { ...user, email: identity.email };
  };
  return openOwnTenant(deps, tx, { name: nameOf(identity), addUser }, request, (inside, { id }) =>
    linkAndOpen(deps, inside, entering, id, request),
  );
}

export async function linkAndOpen(
  deps: Deps,
  tx: TenantTx,
  entering: Entering,
  userId: UserId,
  request: RequestContext,
  linkedBy: LinkedBy = 'connection',
): Promise<SignInOutcome> {
  await linkIdentity(deps, tx, entering, { userId, linkedBy }, request);
  return openFor(deps, tx, entering, userId, request);
}

/** @throws {Problem} `auth.no_account` where the identity came to enter another account at this moment. */
async function linkIdentity(
  deps: Deps,
  tx: TenantTx,
  entering: Entering,
  { userId, linkedBy }: { userId: UserId; linkedBy: LinkedBy },
  request: RequestContext,
): Promise<void> {
  const key = keyOf(entering);
  if (!(await insertIdentity(tx, key, userId, linkedBy, deps.clock.now()))) {
    // By another tab of the same person, at this moment.
    if (await loadLink(tx, key, userId)) return;
    throw noAccount();
  }
  await deps.audit.record(tx, {
    action: 'identity_linked',
    actor: { kind: 'system' },
    resource: { type: 'user', id: userId },
    after: {
      connection: entering.row.id,
      issuer: entering.identity.issuer,
      subject: personal({ tenantId: tx.tenantId, id: userId }, entering.identity.subject),
    },
    request,
  });
}

export const unproved = () =>
  new Problem('auth.email_unproved', {
    detail: 'Have your address confirmed there, or sign in another way.',
  });
const domainUnproved = () =>
  new Problem('auth.domain_unproved', {
    detail: 'Its administrator adds the domain of your address under its domains, and proves it.',
  });
