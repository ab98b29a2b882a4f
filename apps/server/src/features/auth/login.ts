import type { LoginRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { CONSOLE_CLIENT, type KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { isSignInAllowed, signInRefused } from '../settings/index.ts';
import { accountLocked } from './account-locked.ts';
import { afterFirstFactor, type SignInOutcome } from './after-first-factor.ts';
import { type Account, isOpenAccount, loadAccount, lockUser } from './account.repo.ts';
import { rewritePassword } from './credentials.repo.ts';
import { knownDevice } from './known-device.ts';
import { judgeAttempt } from './lockout.ts';
import { isPasswordStill } from './present-password.ts';
import { openPassword, sealPassword } from './sealed-credentials.ts';
import { recordRefusal } from './refused-sign-in.ts';
import type { SigningBrowser } from './signing-browser.ts';
import { ssoRequired } from './sso-required.ts';

export interface LoginInput extends LoginRequest {
  browser: SigningBrowser;
}

/**
 * Signs in by address and password (spec W1, W2).
 *
 * Whether the account exists, is suspended or is locked, the same look-up, the same hash and the same counter are paid,
 * and what is answered does not tell them apart (D2; threats 51, 53).
 *
 * @throws {Problem} `auth.sso_required`, `auth.client_unknown`, `auth.busy`, `auth.invalid_credentials`,
 *   `auth.account_locked`, `auth.client_not_allowed`, `auth.sign_in_refused`
 */
export async function login(deps: Deps, input: LoginInput, request: RequestContext): Promise<SignInOutcome> {
  checkPasswordsAllowed(deps);
  await checkPasswordsTaken(deps, input.email);
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  // A second time where the stored hash was replaced while the password was compared with it: by a better hash of the same
  // password it is still right, by another password it no longer is.
  const outcome =
    (await enterBy(deps, client, input, request)) ?? (await enterBy(deps, client, input, request));
  if (outcome === undefined) throw refusal(deps, null);
  deps.metrics.signIn('accepted');
  return outcome;
}

async function enterBy(
  deps: Deps,
  client: KnownClient,
  input: LoginInput,
  request: RequestContext,
): Promise<SignInOutcome | undefined> {
  const key = emailKey(input.email);
  const account = await loadAccount(deps.doors, key);
  const right = await comparePassword(deps, account, input.password);
  const device = knownDevice(deps.sealer, input.browser.deviceCookie, account?.userId);
  const attempt = await judgeAttempt(deps, {
    emailKey: key,
    userId: account?.userId,
    device,
    ok: right && isUsable(account),
  });
  if (attempt.verdict !== 'accepted' || account === undefined) {
    await recordRefusal(deps, { account, email: input.email, ...attempt }, request);
    throw refusal(deps, attempt.lockedUntil);
  }
  if (!isServedBy(client, account)) {
    await recordRefusal(deps, { account, email: input.email, verdict: 'client', lockedUntil: null }, request);
    throw clientNotAllowed();
  }
  const { signIn: rules } = await deps.tenantRules.get(account.tenantId);
  if (rules.policy === 'restricted') {
    await recordRefusal(deps, { account, email: input.email, verdict: 'rules', lockedUntil: null }, request);
    throw ssoRequired();
  }
  if (!isSignInAllowed(rules, { email: account.email, ip: request.ip })) {
    await recordRefusal(deps, { account, email: input.email, verdict: 'rules', lockedUntil: null }, request);
    throw signInRefused();
  }
  const rehashed = await rehash(deps, account, input.password);
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: account.tenantId }), async (tx) => {
    if (!(await isStillRight(deps, tx, account))) return undefined;
    if (rehashed && account.credentialId !== null && account.secretSealed !== null) {
      await rewritePassword(tx, account.credentialId, account.secretSealed, rehashed, deps.clock.now());
    }
    const { userId } = account;
    return afterFirstFactor(deps, tx, { userId, client, amr: ['pwd'], browser: input.browser }, request);
  });
}

/** @throws {Problem} `auth.sso_required` where the deployment takes single sign-on only (spec W10). */
export function checkPasswordsAllowed({ config }: Pick<Deps, 'config'>): void {
  if (config.authPolicy === 'restricted') throw ssoRequired();
}

/**
 * The same for the tenant that has proved the domain of the address. Told from the domain, before anything is looked up.
 *
 * @throws {Problem} `auth.sso_required`
 */
export async function checkPasswordsTaken(
  { homeRealms }: Pick<Deps, 'homeRealms'>,
  email: string,
): Promise<void> {
  if ((await homeRealms.find(email))?.restricted === true) throw ssoRequired();
}

const isUsable = (account: Account | undefined): boolean =>
  account?.userStatus === 'active' && account.tenantStatus === 'active';

/** Costs a hash, whether there is an account or a password to compare with. */
export function comparePassword(
  deps: Deps,
  account: Account | undefined,
  password: string,
): Promise<boolean> {
  const stored = account?.secretSealed ? openPassword(deps.sealer, account, account.secretSealed) : undefined;
  return deps.passwords.verify(password, stored);
}

function refusal(deps: Deps, lockedUntil: Date | null): Problem {
  if (lockedUntil === null)
    return new Problem('auth.invalid_credentials', { detail: 'Check both and try again.' });
  return accountLocked(
    deps,
    lockedUntil,
    'Sign-in with this address is locked for a while. Wait, or ask an administrator to unlock the account.',
  );
}

/** SECURITY: a client of one tenant is no way into another; clients of the root tenant serve all. */
export const isServedBy = (client: KnownClient, account: Pick<Account, 'tenantId'> | undefined): boolean =>
  client.tenantId === ROOT_TENANT || client.tenantId === account?.tenantId;

export const clientNotAllowed = () =>
  new Problem('auth.client_not_allowed', { detail: 'This client belongs to another tenant.' });

/**
 * SECURITY: the password may have been changed while it was compared. Whoever changes one holds the user and then ends all
 * sessions, so that behind this no session begins by the old one.
 */
async function isStillRight(deps: Deps, tx: TenantTx, account: Account): Promise<boolean> {
  const { userId, credentialId, secretSealed } = account;
  if (!isOpenAccount(await lockUser(tx, userId)) || credentialId === null || secretSealed === null)
    return false;
  const hash = openPassword(deps.sealer, account, secretSealed);
  return isPasswordStill(deps, tx, { userId, credentialId, hash });
}

async function rehash(deps: Deps, account: Account, password: string): Promise<string | undefined> {
  if (account.secretSealed === null) return undefined;
  if (!deps.passwords.needsRehash(openPassword(deps.sealer, account, account.secretSealed))) return undefined;
  return sealPassword(deps.sealer, account, await deps.passwords.hash(password));
}
