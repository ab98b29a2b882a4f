import type { PasskeyAnswer, PasskeyRequestOptions } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { randomSecret } from '../../../platform/crypto/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import { ROOT_TENANT } from '../../../platform/ids.ts';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { isSignInAllowed, signInRefused } from '../../settings/index.ts';
import { isOpenAccount, lockUser } from '../account.repo.ts';
import { afterFirstFactor, type SignInOutcome } from '../after-first-factor.ts';
import { checkPasswordsAllowed, checkPasswordsTaken, clientNotAllowed, isServedBy } from '../login.ts';
import { recordRefusal } from '../refused-sign-in.ts';
import { MFA } from '../second-factor/policy.ts';
import type { SigningBrowser } from '../signing-browser.ts';
import { ssoRequired } from '../sso-required.ts';
import {
  CHALLENGE_SECONDS,
  challengeOf,
  isOpenChallenge,
  issueChallenge,
  spendChallenge,
  tokenIn,
} from './challenge.ts';
import { recordPasskeyUsed, tellOfCopy } from './passkey-records.ts';
import { advanceCounter, findPasskey, type FoundPasskey } from './passkeys.repo.ts';
import { getRelyingParty } from './relying-party.ts';
import { judgePasskey, passkeyIndex } from './stored-passkey.ts';

/** Where challenges lie of which nobody knows yet whose passkey will answer. */
const ANYWHERE = enterOwn({ kind: 'claim', tenantId: ROOT_TENANT });

const COOKIE = /^[A-Za-z0-9_-]{43}$/;

/** Who asks: a browser by its cookie; a program, which may keep none, by its name. */
const askerIn = ({ isBrowser, passkeyCookie, userAgent }: SigningBrowser): string | undefined => {
  if (!isBrowser) return `program ${userAgent}`;
  return passkeyCookie === undefined ? undefined : `browser ${passkeyCookie}`;
};

/**
 * Asks for any passkey that somebody has here.
 *
 * @returns with the cookie that binds the answer to this browser; undefined for a program. One cookie serves several tabs.
 * @throws {Problem} `auth.sso_required`, `factors.passkeys_unavailable`
 */
export async function beginPasskeySignIn(
  deps: Deps,
  browser: SigningBrowser,
): Promise<{ options: PasskeyRequestOptions; cookie: string | undefined }> {
  checkPasswordsAllowed(deps);
  const { id: rpId } = getRelyingParty(deps.config);
  const { isBrowser, passkeyCookie = '' } = browser;
  const kept = COOKIE.test(passkeyCookie) ? passkeyCookie : randomSecret(32).toString('base64url');
  const cookie = isBrowser ? kept : undefined;
  const by = askerIn({ ...browser, passkeyCookie: cookie }) ?? '';
  const challenge = await deps.doors.withTenant(ANYWHERE, (tx) =>
    issueChallenge(deps, tx, 'passkey-sign-in', { by }),
  );
  const timeout = CHALLENGE_SECONDS * 1000;
  return {
    options: { challenge, timeout, rpId, allowCredentials: [], userVerification: 'required' },
    cookie,
  };
}

export interface PasskeySignIn {
  passkey: PasskeyAnswer;
  client: string | undefined;
  browser: SigningBrowser;
}

/**
 * Signs in by a passkey alone (spec W13). It verified its user, so that two factors were proved at once.
 *
 * A passkey that nobody has costs as much as a wrong answer of one that somebody has, and the answer is the same (threat 51). The locks of
 * passwords do not stop it: it cannot be guessed at, and whoever locks an account by guesses does not shut its owner out.
 *
 * @throws {Problem} `auth.sso_required`, `auth.client_unknown`, `auth.sign_in_expired`, `auth.passkey_failed`, `auth.client_not_allowed`,
 *   `auth.sign_in_refused`
 */
export async function signInByPasskey(
  deps: Deps,
  { passkey, client: clientId, browser }: PasskeySignIn,
  request: RequestContext,
): Promise<SignInOutcome> {
  checkPasswordsAllowed(deps);
  const client = await deps.clients.get(clientId ?? CONSOLE_CLIENT);
  const token = await spend(deps, passkey, browser);
  const found = await findPasskey(deps.doors, passkeyIndex(deps, passkey.id));
  const refused = { account: found, id: passkey.id };
  const judged = await judgePasskey(deps, found, found ? [found] : [], passkey, challengeOf(token));
  // Found without an address, it has to say whose it is (WebAuthn §7.2, step 6).
  const isRight = judged !== undefined && passkey.response.userHandle !== undefined;
  if (!found || !isRight || judged.isCopy || !isUsable(found)) {
    await refuse(deps, refused, 'failed', request);
    if (found && isRight && judged.isCopy && isUsable(found))
      await tellOfCopy(deps, found, judged.id, request);
    throw passkeyFailed();
  }
  if (!isServedBy(client, found)) {
    await refuse(deps, refused, 'client', request);
    throw clientNotAllowed();
  }
  const { signIn: rules } = await deps.tenantRules.get(found.tenantId);
  if (rules.policy === 'restricted') {
    await refuse(deps, refused, 'rules', request);
    throw ssoRequired();
  }
  await checkPasswordsTaken(deps, found.email);
  if (!isSignInAllowed(rules, { email: found.email, ip: request.ip })) {
    await refuse(deps, refused, 'rules', request);
    throw signInRefused();
  }
  const { tenantId, userId } = found;
  const outcome = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const isOpen = isOpenAccount(await lockUser(tx, userId));
    if (!isOpen || !(await advanceCounter(tx, judged.id, judged.counter, deps.clock.now())))
      throw passkeyFailed();
    await recordPasskeyUsed(deps, tx, found, { id: judged.id, at: 'sign-in' }, request);
    return afterFirstFactor(deps, tx, { userId, client, amr: ['pop', MFA], browser }, request);
  });
  deps.metrics.signIn('accepted');
  return outcome;
}

/** Spends the challenge before anything is looked up: each answer is judged once, whatever comes of it. */
async function spend(deps: Deps, passkey: PasskeyAnswer, browser: SigningBrowser): Promise<string> {
  const token = tokenIn(passkey);
  const by = askerIn(browser);
  const isSpent =
    by !== undefined &&
    (await deps.doors.withTenant(
      ANYWHERE,
      async (tx) =>
        (await isOpenChallenge(deps, tx, 'passkey-sign-in', token, { by })) &&
        spendChallenge(deps, tx, 'passkey-sign-in', token),
    ));
  if (!isSpent)
    throw new Problem('auth.sign_in_expired', { detail: 'Ask for the passkey again, in this browser.' });
  return token;
}

const isUsable = ({ userStatus, tenantStatus }: FoundPasskey): boolean =>
  userStatus === 'active' && tenantStatus === 'active';

const refuse = (
  deps: Deps,
  { account, id }: { account: FoundPasskey | undefined; id: string },
  verdict: 'failed' | 'client' | 'rules',
  request: RequestContext,
) => recordRefusal(deps, { account, email: id, verdict, lockedUntil: null, by: 'passkey' }, request);

const passkeyFailed = () =>
  new Problem('auth.passkey_failed', {
    detail: 'Take another passkey, or sign in another way. It may have been removed from the account.',
  });
