import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import {
  afterFirstFactor,
  clientNotAllowed,
  holdGround,
  isOpenAccount,
  isServedBy,
  lockUser,
  type SigningBrowser,
  type SignInOutcome,
  type Vouched,
} from '../auth/index.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { loadHomePrincipal } from '../people/index.ts';
import { lockAdministrators, mapRoles } from '../roles/index.ts';
import { signInRefused } from '../settings/index.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { keyOf } from './identities.repo.ts';
import { checkProofForEnrolment } from './proof-before-enrolment.ts';
import type { ProvedIdentity, Provider } from './providers/provider.ts';
import type { Attempt } from './sign-in-attempt.ts';
import { endOfTrial } from './trial/end-of-trial.ts';
import { domainOf } from './vouching.ts';

/** Somebody who came back from a provider, and what is known of them. */
export interface Entering {
  row: ConnectionRow;
  identity: ProvedIdentity;
  client: KnownClient;
  attempt: Attempt;
  browser: SigningBrowser;
  /** What the provider can do, asked for before any transaction. */
  provider: Pick<Provider, 'provesAnew' | 'statesTime'>;
}

/** Whoever changes roles and a user takes the roles first, as everybody who acts on people does (features/people). */
export async function holdRoles(tx: TenantTx, row: ConnectionRow): Promise<void> {
  if (row.scope === 'tenant') await lockAdministrators(tx);
}

/** @throws {Problem} `auth.no_account` for somebody who is suspended, and for a tenant that is. */
export async function checkOpen(tx: TenantTx, userId: UserId) {
  const user = await lockUser(tx, userId);
  if (!isOpenAccount(user)) throw noAccount();
  return user;
}

/** The last steps, the same for everybody: the policy of the deployment, the roles that the provider says, the session. */
export async function openFor(
  deps: Deps,
  tx: TenantTx,
  entering: Entering,
  userId: UserId,
  request: RequestContext,
): Promise<SignInOutcome> {
  const { row, identity, client, attempt, browser } = entering;
  if (!isServedBy(client, { tenantId: tx.tenantId })) throw clientNotAllowed();
  const user = await lockUser(tx, userId);
  // Before roles and sessions, in the order of all locks (docs/adr/0059).
  if (!user || !(await holdGround(tx, tx.tenantId, client.clientId))) throw noAccount();
  checkAllowedDomain(deps, user.email);
  if (row.scope === 'tenant' && row.author_principal_id !== null && row.author_tenant_id !== null) {
    const said = valuesOf(identity.claims[row.settings.groupsClaim]);
    await mapRoles(
      deps,
      tx,
      {
        principalId: await loadHomePrincipal(tx, userId),
        connectionId: row.id,
        author: { tenantId: row.author_tenant_id, principalId: row.author_principal_id },
        roles: row.settings.roles.filter(({ value }) => said.has(value)).map(({ role }) => role),
      },
      request,
    );
  }
  // SECURITY: in front of the session, and out of the transaction, which takes back all that was done for it.
  if (attempt.trial !== undefined) throw await endOfTrial(tx, userId, deps.clock.now());
  const vouched = vouchedOf(entering);
  const beforeEnrolment = () =>
    checkProofForEnrolment(deps, { ...entering, provedAt: identity.provedAt, key: keyOf(entering) });
  const proved = { userId, client, amr: ['fed'], vouched, browser, beforeEnrolment };
  return afterFirstFactor(deps, tx, proved, request);
}

/** How far the provider's word goes: for the session, and for what asks for a recent proof. */
export const vouchedOf = ({
  row,
  identity: { provedAt, endsAt },
}: Pick<Entering, 'row' | 'identity'>): Vouched => ({
  connectionId: row.id,
  asOf: row.updated_at,
  ...(provedAt && { provedAt }),
  ...(endsAt && { endsAt }),
});

/** SECURITY: by the address of the account, which was proved, and not by what a provider says today (spec W10). */
export function checkAllowedDomain({ config }: Pick<Deps, 'config'>, email: string): void {
  const { authPolicy, allowedEmailDomains } = config;
  if (authPolicy === 'standard' && allowedEmailDomains.length === 0) return;
  if (!allowedEmailDomains.includes(domainOf(email))) throw signInRefused();
}

/** The texts of a claim; what is neither a text nor a list of texts says nothing. */
export function valuesOf(claim: unknown): Set<string> {
  const list = Array.isArray(claim) ? claim : [claim];
  return new Set(list.filter((value): value is string => typeof value === 'string'));
}

export const noAccount = () =>
  new Problem('auth.no_account', {
    detail: 'Ask an administrator of your organisation to add you, or sign in another way.',
  });
