import {
  type ChangeTenantSettings,
  DEFAULT_SETTINGS,
  type SettingsChange,
  type TenantSettings,
  TERMS,
  withSettings,
} from '@gatehouse/contracts';
import { canonicalAddress, canonicalRange } from '../../config/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';
import { actorOf } from '../audit/index.ts';
import { type Caller, type Person, recordDenied } from '../denied.ts';
import type { Deps } from '../deps.ts';
import {
  endGuestSessions,
  endSessionsWithout,
  endSessionsWithoutConnection,
  isProvedByConnectionAlone,
  loadConnectionOf,
  lockGuestSessions,
} from '../sessions/index.ts';
import {
  holdsSecondFactor,
  isOwnConnection,
  loadOwnSettings,
  lockSessionRules,
  replaceSettings,
  shortenSessions,
} from './settings.repo.ts';
import { isSignInAllowed } from './sign-in-rules.ts';

/** Minutes that an access token is good for where the deployment says nothing: those of bearer clients. */
const LONGEST_TOKEN = 60;

/**
 * Changes settings of the entered tenant (spec T2, T3): what is not named stays, and what is the same already is no change and
 * leaves no record.
 *
 * @throws {Problem} `request.invalid`, `access.denied`, `settings.changed`, `settings.locks_you_out`
 */
export async function changeSettings(deps: Deps, caller: Person, input: ChangeTenantSettings): Promise<void> {
  const change = withRanges(input.settings);
  const isDone = await deps.doors.withTenant(caller.entered, async (tx) => {
    const row = await loadOwnSettings(tx);
    const before = withSettings(DEFAULT_SETTINGS, row?.settings ?? {});
    const after = withSettings(before, change);
    const changed = namesOf(before).filter((name) => !isSame(before[name], after[name]));
    if (row?.settings_version !== input.version) throw outOfDate();
    if (changed.length === 0) return true;
    if (!isPlatform(caller) && TERMS.some((name) => changed.includes(name))) {
      await recordDenied(
        deps,
        caller,
        { permission: 'tenants:update', resource: { type: 'tenant', id: tx.tenantId } },
        tx,
      );
      return false;
    }
    checkNotLockedOut(caller, after);
    if (after.signIn.policy !== before.signIn.policy) await checkComesByProvider(tx, caller, after);
    const demandsFactor = after.mfa.policy === 'mandatory' && changed.includes('mfa');
    // Guests' sessions before the tenant's row, and the row before sessions, as whoever opens one takes them.
    const closesDoors = after.signIn.policy === 'restricted' && changed.includes('signIn');
    if (changed.includes('session') || demandsFactor || closesDoors) await lockSessionRules(tx);
    if (demandsFactor) await lockGuestSessions(tx);
    const version = await writeSettings(deps, tx, input.version, pick(after, namesOf(after)));
    if (changed.includes('session'))
      await shortenSessions(tx, after.session, (deps.config.accessTokenMinutes ?? LONGEST_TOKEN) + 1);
    if (demandsFactor) await endUnsettledSessions(deps, tx, after.mfa);
    // SECURITY: whoever has somebody's password would else stay in for as long as a session lasts, past the provider.
    if (closesDoors) await endSessionsWithoutConnection(tx, 'single sign-on demanded', deps.clock.now());
    await deps.audit.record(tx, {
      action: 'tenant_settings_changed',
      actor: actorOf(caller.principal),
      resource: { type: 'tenant', id: tx.tenantId },
      before: { version: input.version, ...pick(before, changed) },
      after: { version, ...pick(after, changed) },
      request: caller.request,
    });
    return true;
  });
  if (!isDone)
    throw new Problem('access.denied', {
      detail: 'Limits, features and rate are set by the operator of the platform.',
      missingPermission: 'tenants:update',
    });
  // The next request of this very process obeys; others learn of it from the log.
  deps.tenantRules.forget([{ kind: 'settings', tenant_id: caller.entered.tenantId }]);
  deps.homeRealms.forget();
  deps.brands.forget();
}

/**
 * Where a second factor is demanded from now on, the sessions that have proved none end: at their next sign-in their users enrol.
 * Guests, who have their sessions at home, end all of those that work here, and come back with a factor.
 *
 * That whoever changes this may be among them is intended; requests would be refused all the same (features/auth, `isSettledIn`),
 * and services that follow the revocation log have to hear of it.
 */
async function endUnsettledSessions(
  deps: Pick<Deps, 'clock'>,
  tx: TenantTx,
  mfa: TenantSettings['mfa'],
): Promise<void> {
  const now = deps.clock.now();
  const reason = 'second factor demanded';
  await endSessionsWithout(tx, mfa.rememberDays > 0 ? ['mfa', 'remembered'] : ['mfa'], reason, now);
  await endGuestSessions(tx, null, reason, now);
}

/**
 * Writes settings over those of a version, and tells all processes.
 *
 * @throws {Problem} `settings.changed`
 */
export async function writeSettings(
  deps: Pick<Deps, 'clock'>,
  tx: TenantTx,
  version: number,
  settings: SettingsChange,
): Promise<number> {
  const now = deps.clock.now();
  const written = await replaceSettings(tx, version, settings, now);
  if (!written) throw outOfDate();
  await insertRevocations(tx, 'settings', [{ id: tx.tenantId, epoch: written.settings_version }], now);
  return written.settings_version;
}

export const outOfDate = () =>
  new Problem('settings.changed', { detail: 'Read the settings again, and make your change to those.' });

const namesOf = (settings: TenantSettings) => Object.keys(settings) as (keyof TenantSettings)[];
const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const pick = (settings: TenantSettings, names: (keyof TenantSettings)[]): SettingsChange =>
  Object.fromEntries(names.map((name) => [name, settings[name]]));

/**
 * Limits, flags and rate are terms between the platform and the tenant. Who sends them as they are changes nothing, so that what
 * was read can be sent back.
 *
 * SECURITY: a tenant's administrator would otherwise lift its own limits, and a partner those of its customers. Whether they are
 * as they are is judged by the row that the change is written over, and not by what this process remembers: old terms, sent again
 * in the moment in which the platform has made them tighter, would come back.
 */
const isPlatform = ({ principal }: Caller) =>
  principal.tenantId === ROOT_TENANT && principal.permissions.has('tenants:update');

/** @throws {Problem} `request.invalid` for what is no address and no range. */
function withRanges(change: SettingsChange): SettingsChange {
  const networks = change.signIn?.networks?.map((text, index) => {
    const range = canonicalRange(text);
    if (range !== undefined) return range;
    const path = `body/settings/signIn/networks/${index}`;
    const message = 'must be an address or a CIDR range, and not all addresses there are';
    throw new Problem('request.invalid', { detail: `${path} ${message}.`, errors: [{ path, message }] });
  });
  return networks === undefined ? change : { ...change, signIn: { ...change.signIn, networks } };
}

/**
 * @throws {Problem} `settings.locks_you_out` for somebody of the tenant who did not come by the only way that is left, or who could
 *   not prove by it once more that it is them
 */
async function checkComesByProvider(
  tx: TenantTx,
  { principal, entered }: Person,
  { signIn }: TenantSettings,
): Promise<void> {
  if (signIn.policy === 'standard' || principal.homeTenantId !== entered.tenantId) return;
  const connectionId = await loadConnectionOf(tx, principal.sessionId);
  if (connectionId === null || !(await isOwnConnection(tx, connectionId)))
    throw new Problem('settings.locks_you_out', {
      detail:
        'Sign in by an identity provider of your organisation first, so that you know that it lets you in.',
    });
  // SECURITY: this took a recent proof, and so does undoing it. A password makes none any more then, and a provider that does not
  // say when people sign in there makes none ever: nobody of the tenant could change its settings again.
  if (await holdsSecondFactor(tx, principal.userId)) return;
  if (await isProvedByConnectionAlone(tx, principal.sessionId)) return;
  throw new Problem('settings.locks_you_out', {
    detail:
      'Passwords will count for nothing, and neither will yours, which you gave for this. Add a passkey or an authenticator app to your account first; or sign in anew by an identity provider of your organisation that says when you proved to it who you are, and change this within ten minutes.',
  });
}

/** Nobody shuts the door on themselves; from above, it is somebody else's door. */
function checkNotLockedOut({ principal, entered, request }: Person, settings: TenantSettings): void {
  if (principal.homeTenantId !== entered.tenantId) return;
  const ip = canonicalAddress(request.ip) ?? request.ip;
  if (isSignInAllowed(settings.signIn, { email: principal.email, ip })) return;
  throw new Problem('settings.locks_you_out', {
    detail: `Add ${ip} to the networks and the domain of your own address to the domains, or leave the lists empty.`,
  });
}
