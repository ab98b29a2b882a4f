import type { ForgotPasswordRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import { emailKey } from '../../platform/email.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import { newId, ROOT_TENANT } from '../../platform/ids.ts';
import { personal, subjectOfTheDay } from '../audit/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { isOpenAccount, loadAccount, lockAddress, lockUser } from './account.repo.ts';
import { knownDevice } from './known-device.ts';
import { RESET_LINK_SECONDS } from './links.ts';
import { checkPasswordsAllowed, isServedBy } from './login.ts';
import { resetPasswordMail } from './recovery.mails.ts';

/**
 * Mails the owner of an account a link with which a new password can be set (spec W11). The newest link ends those before.
 *
 * Whether there is an account, whether it is suspended, and whether anything was mailed: the answer is the same, and so are the
 * statements (D2; threat 51). The mail goes to the address as it is stored, never as it was typed (threat 28).
 *
 * @throws {Problem} `auth.sso_required`, `auth.client_unknown`
 */
export async function forgotPassword(
  deps: Deps,
  input: ForgotPasswordRequest & { deviceCookie: string | undefined },
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  const key = emailKey(input.email);
  const account = await loadAccount(deps.doors, key);
  const tenantId = account?.tenantId ?? ROOT_TENANT;
  const device = knownDevice(deps.sealer, input.deviceCookie, account?.userId);
  const from = { ip: request.ip, device };
  const mailIsLeft = await deps.mailLimits.isShareLeft('reset-password', input.email, from);
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    await lockAddress(tx, key);
    const user = await lockUser(tx, account?.userId ?? newId<'user'>());
    const sends =
      account !== undefined &&
      isOpenAccount(user) &&
      user.email_key === key &&
      isServedBy(client, account) &&
      mailIsLeft;
    // A link is made either way. Where nothing is sent it is nobody's: nobody receives it, and it could set nothing.
    const subjectId = sends ? account.userId : newId();
    await deps.oneTimeTokens.revoke(tx, 'reset-password', subjectId);
    const token = await deps.oneTimeTokens.issue(tx, 'reset-password', {
      subjectId,
      lifetimeSeconds: RESET_LINK_SECONDS,
    });
    const mail = resetPasswordMail(deps.config, sends ? user.email : input.email, request, token);
    await deps.outbox[sends ? 'mail' : 'withhold'](tx, 'reset_password', mail, request.correlationId);
    const person = account ? { tenantId, id: account.userId } : subjectOfTheDay(deps.clock.now());
    await deps.audit.record(tx, {
      action: 'password_reset_requested',
      actor: { kind: 'anonymous', subject: person },
      resource: { type: account ? 'user' : 'address', id: account?.userId ?? null },
      after: { email: personal(person, account?.email ?? input.email), mailed: sends },
      request,
    });
  });
}
