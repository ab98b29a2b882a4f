import { DEFAULT_SETTINGS, type MailSignInRequest, withSettings } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { randomSecret } from '../../../platform/crypto/index.ts';
import { emailKey } from '../../../platform/email.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import { newId, ROOT_TENANT } from '../../../platform/ids.ts';
import { personal, subjectOfTheDay } from '../../audit/index.ts';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { loadOwnSettings, mailSignInOf } from '../../settings/index.ts';
import { isOpenAccount, loadAccount, lockAddress, lockUser } from '../account.repo.ts';
import { knownDevice } from '../known-device.ts';
import { MAIL_SIGN_IN_SECONDS } from '../links.ts';
import { checkPasswordsAllowed, checkPasswordsTaken, isServedBy } from '../login.ts';
import { hashOfCookie, secretOfCode } from './mail-cookie.ts';
import { signInCodeMail, signInLinkMail } from './mail-sign-in.mails.ts';

/** What a mailed link or code was made for. */
export interface MailPayload {
  emailKey: string;
  /** Of a link: the browser that asked. A code has it in its secret. */
  browser: string;
}

/**
 * Mails a link or a code to sign in with (spec W13), where the tenant of the account lets people in by it.
 *
 * Whether there is an account, whether its tenant allows it, and whether anything was mailed: the answer is the same, and so are the
 * statements (D2; threat 51). The mail goes to the address as it is stored, never as it was typed (threat 28).
 *
 * @throws {Problem} `auth.sso_required`, `auth.client_unknown`
 */
export async function askForMail(
  deps: Deps,
  input: MailSignInRequest & { cookie: string; deviceCookie: string | undefined },
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  await checkPasswordsTaken(deps, input.email);
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  const method = input.method === 'code' ? 'code' : 'link';
  const key = emailKey(input.email);
  const account = await loadAccount(deps.doors, key);
  const tenantId = account?.tenantId ?? ROOT_TENANT;
  const device = knownDevice(deps.sealer, input.deviceCookie, account?.userId);
  const mailIsLeft = await deps.mailLimits.isShareLeft('sign-in', input.email, { ip: request.ip, device });
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    await lockAddress(tx, key);
    const user = await lockUser(tx, account?.userId ?? newId<'user'>());
    // SECURITY: read anew each time. What is remembered of a tenant would tell by the time that its people ask here.
    const { signIn: rules } = withSettings(DEFAULT_SETTINGS, (await loadOwnSettings(tx))?.settings ?? {});
    const sends =
      account !== undefined &&
      isOpenAccount(user) &&
      user.email_key === key &&
      mailSignInOf(rules)[method] &&
      isServedBy(client, account) &&
      mailIsLeft;
    // One is made either way. Where nothing is sent it is nobody's: nobody receives it, and it lets nobody in.
    const code = String(randomSecret(8).readBigUInt64BE() % 100_000_000n).padStart(8, '0');
    const payload: MailPayload = { emailKey: key, browser: hashOfCookie(input.cookie) };
    const token = await deps.oneTimeTokens.issue(tx, `mail-${method}`, {
      subjectId: sends ? account.userId : newId(),
      // SECURITY: of what nobody receives, no address is kept that somebody typed.
      payload: sends ? payload : {},
      lifetimeSeconds: MAIL_SIGN_IN_SECONDS,
      ...(method === 'code' && { secret: secretOfCode(input.cookie, key, code) }),
    });
    const to = sends ? user.email : input.email;
    const mail =
      method === 'code'
        ? signInCodeMail(deps.config, to, request, code)
        : signInLinkMail(deps.config, to, request, token);
    await deps.outbox[sends ? 'mail' : 'withhold'](tx, `sign_in_${method}`, mail, request.correlationId);
    const person = account ? { tenantId, id: account.userId } : subjectOfTheDay(deps.clock.now());
    await deps.audit.record(tx, {
      action: 'mail_sign_in_requested',
      actor: { kind: 'anonymous', subject: person },
      resource: { type: account ? 'user' : 'address', id: account?.userId ?? null },
      after: { email: personal(person, account?.email ?? input.email), method, mailed: sends },
      request,
    });
  });
}
