import type { MailSignInLink, SignInByMailCode, SignInByMailLink } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { isSameSecret } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { emailKey } from '../../../platform/email.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import { ROOT_TENANT, type UserId } from '../../../platform/ids.ts';
import { tenantOfToken, tokenWith } from '../../../platform/one-time-tokens/index.ts';
import { CONSOLE_CLIENT, type KnownClient } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { isSignInAllowed, mailSignInOf, signInRefused } from '../../settings/index.ts';
import { isOpenAccount, loadAccount, type LockedUser, lockUser } from '../account.repo.ts';
import { afterFirstFactor, type SignInOutcome } from '../after-first-factor.ts';
import { knownDevice } from '../known-device.ts';
import { linkInvalid } from '../links.ts';
import { judgeAttempt } from '../lockout.ts';
import { checkPasswordsAllowed, checkPasswordsTaken, clientNotAllowed, isServedBy } from '../login.ts';
import { proveForTheFirstTime } from '../prove-for-the-first-time.ts';
import { recordRefusal } from '../refused-sign-in.ts';
import { holdGround } from '../sessions.repo.ts';
import type { SigningBrowser } from '../signing-browser.ts';
import type { MailPayload } from './ask-for-mail.ts';
import { hashOfCookie, secretOfCode } from './mail-cookie.ts';

interface From {
  browser: SigningBrowser;
  /** Of the browser, where it asked for a mail. */
  cookie: string | undefined;
}

const isAskedBy = ({ browser }: MailPayload, cookie: string | undefined): boolean =>
  cookie !== undefined && isSameSecret(Buffer.from(hashOfCookie(cookie)), Buffer.from(browser));

/** Whose link it is, and whether this browser asked for it. Spends nothing. @throws {Problem} `auth.link_invalid` */
export async function openMailLink(
  deps: Deps,
  token: string,
  cookie: string | undefined,
): Promise<MailSignInLink> {
  const tenantId = tenantOfToken(token);
  if (tenantId === undefined) throw linkInvalid();
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const open = await deps.oneTimeTokens.read(tx, 'mail-link', token);
    const user = open?.subjectId ? await lockUser(tx, open.subjectId as UserId) : undefined;
    if (!open || !isOpenAccount(user)) throw linkInvalid();
    return { email: user.email, here: isAskedBy(open.payload as MailPayload, cookie) };
  });
}

/**
 * Signs in by a mailed link (spec W13). It proves the address.
 *
 * SECURITY: in another browser than the one that asked, the person has to say so: whoever asked for a link to an account of their own
 * and passed it on would else have a stranger in it, and a mail scanner that follows links would spend them. A lock does not stop it:
 * there is nothing to guess.
 *
 * @throws {Problem} `auth.sso_required`, `auth.client_unknown`, `auth.link_invalid`, `auth.confirm_elsewhere`, `auth.client_not_allowed`,
 *   `auth.sign_in_refused`
 */
export async function enterByMailLink(
  deps: Deps,
  input: SignInByMailLink & From,
  request: RequestContext,
): Promise<SignInOutcome> {
  checkPasswordsAllowed(deps);
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  const tenantId = tenantOfToken(input.token);
  if (tenantId === undefined) throw linkInvalid();
  if (!isServedBy(client, { tenantId })) throw clientNotAllowed();
  const { email, here } = await openMailLink(deps, input.token, input.cookie);
  if (input.elsewhere !== true && !here)
    throw new Problem('auth.confirm_elsewhere', { detail: 'Send `elsewhere` if you mean to sign in here.' });
  // SECURITY: asked again. The domain may have been claimed since, by a tenant that takes single sign-on only.
  await checkPasswordsTaken(deps, email);
  const outcome = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const open = await deps.oneTimeTokens.read(tx, 'mail-link', input.token);
    if (!open?.subjectId) throw linkInvalid();
    const proof = { method: 'link', token: input.token, userId: open.subjectId as UserId } as const;
    return enter(deps, tx, { ...proof, client, browser: input.browser }, request);
  });
  if (outcome === undefined) throw linkInvalid();
  deps.metrics.signIn('accepted');
  return outcome;
}

/**
 * Signs in by a mailed code, in the browser that asked for it (spec W13). It proves the address.
 *
 * SECURITY: guesses count towards the same lock as guesses at the password, whatever the code, browser or node, and for an address that
 * nobody has as well (threats 36, 51).
 *
 * @throws {Problem} `auth.sso_required`, `auth.client_unknown`, `auth.mail_code_wrong`, `auth.account_locked`,
 *   `auth.client_not_allowed`, `auth.sign_in_refused`
 */
export async function enterByMailCode(
  deps: Deps,
  input: SignInByMailCode & From,
  request: RequestContext,
): Promise<SignInOutcome> {
  checkPasswordsAllowed(deps);
  await checkPasswordsTaken(deps, input.email);
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  const key = emailKey(input.email);
  const account = await loadAccount(deps.doors, key);
  const tenantId = account?.tenantId ?? ROOT_TENANT;
  const inside = enterOwn({ kind: 'claim', tenantId });
  const token = tokenWith(tenantId, secretOfCode(input.cookie ?? '', key, input.code));
  const open = await deps.doors.withTenant(inside, (tx) => deps.oneTimeTokens.read(tx, 'mail-code', token));
  const isUsable = account?.userStatus === 'active' && account.tenantStatus === 'active';
  const attempt = await judgeAttempt(deps, {
    emailKey: key,
    userId: account?.userId,
    device: knownDevice(deps.sealer, input.browser.deviceCookie, account?.userId),
    ok: isUsable && open?.subjectId === account.userId,
  });
  const refuse = (verdict: typeof attempt.verdict | 'client', lockedUntil: Date | null) =>
    recordRefusal(deps, { account, email: input.email, verdict, lockedUntil }, request);
  if (attempt.verdict !== 'accepted' || account === undefined) {
    await refuse(attempt.verdict, attempt.lockedUntil);
    throw refusal(deps, attempt.lockedUntil);
  }
  if (!isServedBy(client, account)) {
    await refuse('client', null);
    throw clientNotAllowed();
  }
  const proof = { method: 'code', token, userId: account.userId } as const;
  const outcome = await deps.doors.withTenant(inside, (tx) =>
    enter(deps, tx, { ...proof, client, browser: input.browser }, request),
  );
  if (outcome === undefined) throw refusal(deps, null);
  deps.metrics.signIn('accepted');
  return outcome;
}

function refusal(deps: Deps, lockedUntil: Date | null): Problem {
  if (lockedUntil === null)
    return new Problem('auth.mail_code_wrong', {
      detail: 'Look at the mail again, or have another one sent.',
    });
  return new Problem('auth.account_locked', {
    detail:
      'Sign-in with this address is locked for a while. Wait, or ask an administrator to unlock the account.',
    retryAfter: (lockedUntil.getTime() - deps.clock.now().getTime()) / 1000,
  });
}

interface Proof {
  method: 'link' | 'code';
  token: string;
  userId: UserId;
  client: KnownClient;
  browser: SigningBrowser;
}

/**
 * Spends what was mailed, once, behind the lock on the user; undefined where it is not good any more, or the tenant no longer lets people
 * in by it. What else was mailed to sign in by ends.
 */
async function enter(
  deps: Deps,
  tx: TenantTx,
  { method, token, userId, client, browser }: Proof,
  request: RequestContext,
): Promise<SignInOutcome | undefined> {
  const user = await lockUser(tx, userId);
  const spent = await deps.oneTimeTokens.consume(tx, `mail-${method}`, token);
  const { signIn: rules } = await deps.tenantRules.within(tx);
  // SECURITY: it was mailed to the address that the account has, and not to one that it had.
  const isGood =
    spent?.subjectId === userId &&
    isOpenAccount(user) &&
    (spent.payload as MailPayload).emailKey === user.email_key &&
    mailSignInOf(rules)[method];
  if (!isGood) return undefined;
  if (!isSignInAllowed(rules, { email: user.email, ip: request.ip })) throw signInRefused();
  if (!(await proveOnce(deps, tx, { id: userId, ...user, method, client }, request))) return undefined;
  for (const purpose of ['mail-link', 'mail-code'] as const)
    await deps.oneTimeTokens.revoke(tx, purpose, userId);
  return afterFirstFactor(deps, tx, { userId, client, amr: ['otp'], browser }, request);
}

/** False when the tenant is being suspended at this moment. */
async function proveOnce(
  deps: Deps,
  tx: TenantTx,
  user: LockedUser & { id: UserId; method: 'link' | 'code'; client: KnownClient },
  request: RequestContext,
): Promise<boolean> {
  if (user.email_verified_at !== null) return true;
  // Before sessions, in the order of all locks (docs/adr/0059).
  if (!(await holdGround(tx, tx.tenantId, user.client.clientId))) return false;
  await proveForTheFirstTime(deps, tx, { id: user.id, by: { mail: user.method } }, request);
  return true;
}
