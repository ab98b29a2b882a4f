import type { FactorKind } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { isOwnConnection } from '../settings/index.ts';
import { type OpenedSession, openSession, type SettledAmr } from './open-session.ts';
import type { Vouched } from './proof-time.ts';
import { hasSecondFactor, listFactors, loadNewestFactor } from './second-factor/factors.repo.ts';
import { METHODS } from './second-factor/methods.ts';
import { type IssuedPending, issuePending } from './second-factor/pending-sign-in.ts';
import { isSettledBy, MFA, REMEMBERED } from './second-factor/policy.ts';
import { isDeviceRemembered, type RememberedCookie } from './second-factor/remembered-devices.ts';
import type { SigningBrowser } from './signing-browser.ts';
import { ssoRequired } from './sso-required.ts';

/** Somebody who has just proved a first factor: a password, what a provider asserts, a passkey. */
export interface FirstFactor {
  userId: UserId;
  client: KnownClient;
  /** Which, in the words of RFC 8176. */
  amr: readonly string[];
  /** Of what a provider asserts; it holds also for a session that a further factor opens later. */
  vouched?: Vouched;
  /** Throws where the first factor does not suffice for setting up a second one. */
  beforeEnrolment?: () => void;
  /** What the browser brought along (`browserOf`). */
  browser: SigningBrowser;
}

/** What a first factor leads to; `answerSignIn` turns it into cookies and a body. */
export type SignInOutcome =
  | {
      next: 'session';
      opened: OpenedSession;
      remembered?: RememberedCookie;
      /** The newest factor of somebody who has proved one now, and not just their password. */
      provedFactor?: string | undefined;
    }
  | { next: 'second-factor'; pending: IssuedPending; factors: FactorKind[]; rememberDays: number }
  | { next: 'enrolment'; pending: IssuedPending };

/**
 * Decides what comes after a first factor. Every way in calls it, in the transaction that has judged the factor and holds the user
 * (`lockUser`), and nothing else opens a session for somebody who comes in.
 *
 * A way in that has proved two factors at once (a passkey that verified its user) says so: `amr` with `mfa`.
 *
 * SECURITY: a way in that opened its session itself would be a way around what the tenant asks besides (threat 35).
 *
 * @param tx in the home tenant of the user.
 * @throws {Problem} `auth.sso_required`; as `openSession`
 */
export async function afterFirstFactor(
  deps: Deps,
  tx: TenantTx,
  proved: FirstFactor,
  request: RequestContext,
): Promise<SignInOutcome> {
  const { userId, client, amr, vouched, browser } = proved;
  const { mfa, signIn: rules } = await deps.tenantRules.within(tx);
  // SECURITY: whichever way it is, and also one that comes later: a tenant of single sign-on has no other (spec W10, threat 52).
  // By a provider of its own: one of the platform's is switched on, and believed, by somebody else.
  if (rules.policy === 'restricted' && !(vouched && (await isOwnConnection(tx, vouched.connectionId))))
    throw ssoRequired();
  const open = async (methods: readonly string[]) => ({
    next: 'session' as const,
    opened: await openSession(deps, tx, { userId, client, amr: methods as SettledAmr, vouched }, request),
  });
  if (amr.includes(MFA)) return { ...(await open(amr)), provedFactor: await loadNewestFactor(tx, userId) };
  if (mfa.policy === 'off') return open(amr);
  if (!(await hasSecondFactor(tx, userId))) {
    if (isSettledBy(mfa, amr)) return open(amr);
    proved.beforeEnrolment?.();
    const pending = await issuePending(deps, tx, 'enrolment', proved);
    await recordAsked(deps, tx, userId, { enrolment: true }, request);
    return { next: 'enrolment', pending };
  }
  const within = { days: mfa.rememberDays, now: deps.clock.now() };
  if (await isDeviceRemembered(tx, userId, browser.rememberedCookie, within))
    return open([...amr, REMEMBERED]);
  const pending = await issuePending(deps, tx, 'second-factor', proved);
  await recordAsked(deps, tx, userId, { enrolment: false }, request);
  const held = new Set((await listFactors(tx, userId)).map(({ kind }) => kind));
  const factors = METHODS.flatMap(({ kind }) => (held.has(kind) ? [kind] : []));
  return { next: 'second-factor', pending, factors, rememberDays: mfa.rememberDays };
}

/** Nobody is signed in yet; that somebody knew the first factor is on record all the same. */
const recordAsked = (
  deps: Deps,
  tx: TenantTx,
  userId: UserId,
  after: { enrolment: boolean },
  request: RequestContext,
) =>
  deps.audit.record(tx, {
    action: 'second_factor_asked',
    actor: { kind: 'anonymous', subject: { tenantId: tx.tenantId, id: userId } },
    resource: { type: 'user', id: userId },
    after,
    request,
  });
