import type { TenantSettings } from '@gatehouse/contracts';
import type { TenantId, UserId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import type { SettledAmr } from '../open-session.ts';
import { listOwnTenants } from '../own-tenants.repo.ts';

type MfaRules = TenantSettings['mfa'];

/** In `amr`: a second factor was proved in this session (RFC 8176 §2). */
export const MFA = 'mfa';
/** In `amr`: none was asked for, since this browser proved one before. No proof of a second factor (`acr` 1). */
export const REMEMBERED = 'remembered';

/** The methods of somebody who has proved a second factor besides. */
export const withSecondFactor = (amr: readonly string[], method: string): SettledAmr =>
  [
    ...new Set([...amr.filter((each) => each !== REMEMBERED), method, MFA]),
  ] as readonly string[] as SettledAmr;

/** The authentication context class of a session: 2 where a second factor was proved in it. */
export const acrOf = (amr: readonly string[]): '1' | '2' => (amr.includes(MFA) ? '2' : '1');

/**
 * Whether a session that was opened by these methods meets what the home of its user demands. Judged at each use of a session, and
 * not only when it begins: what a tenant demands holds for the sessions that stand, and for every way that a session could come
 * about.
 */
export const isSettledBy = (rules: MfaRules, amr: readonly string[]): boolean =>
  isSettledForGuest(rules, amr) || (rules.rememberDays > 0 && amr.includes(REMEMBERED));

/**
 * The same for a tenant where the user is a guest.
 *
 * SECURITY: a browser is remembered by the home, for as long as the home says. Another tenant has not agreed to that.
 */
export const isSettledForGuest = (rules: MfaRules, amr: readonly string[]): boolean =>
  rules.policy !== 'mandatory' || amr.includes(MFA);

/** The same for the tenants that a session stands in: its home, and where it works. */
export async function isSettledIn(
  deps: Pick<Deps, 'tenantRules'>,
  session: { homeTenantId: TenantId; activeTenantId: TenantId; amr: readonly string[] },
): Promise<boolean> {
  const { homeTenantId, activeTenantId, amr } = session;
  const home = await deps.tenantRules.get(homeTenantId);
  if (!isSettledBy(home.mfa, amr)) return false;
  if (activeTenantId === homeTenantId) return true;
  const { mfa } = await deps.tenantRules.get(activeTenantId);
  return isSettledForGuest(mfa, amr);
}

/** Whether a user may have second factors: where the home has switched them off, only if another tenant of theirs demands one. */
export async function mayHaveFactors(deps: Deps, homeTenantId: TenantId, userId: UserId): Promise<boolean> {
  const home = await deps.tenantRules.get(homeTenantId);
  if (home.mfa.policy !== 'off') return true;
  const all = { homeTenantId, userId, search: undefined, after: undefined, limit: 1000 };
  for (const { id } of await listOwnTenants(deps.doors, all)) {
    const { mfa } = await deps.tenantRules.get(id);
    if (mfa.policy === 'mandatory') return true;
  }
  return false;
}
