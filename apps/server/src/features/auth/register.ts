import type { ConfirmRegistrationRequest, RegisterRequest } from '@gatehouse/contracts';
import { DEFAULT_SETTINGS } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { personal, subjectOfTheDay } from '../audit/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { openOwnTenant } from '../tenants/index.ts';
import { insertUser } from '../people/index.ts';
import { loadAccount } from './account.repo.ts';
import { afterFirstFactor, type SignInOutcome } from './after-first-factor.ts';
import { alreadyRegisteredMail, confirmRegistrationMail } from './auth.mails.ts';
import { linkInvalid } from './links.ts';
import { checkPasswordsAllowed, checkPasswordsTaken, clientNotAllowed, isServedBy } from './login.ts';
import { checkNewPassword, hashNewPassword, type NewPasswordHash } from './new-password.ts';
import { setPassword } from './set-password.ts';
import type { SigningBrowser } from './signing-browser.ts';

const LINK_SECONDS = 24 * 3600;
const inRoot = enterOwn({ kind: 'claim', tenantId: ROOT_TENANT });

/** What a registration is until its address is proved: nothing but this, sealed beside its token. */
interface PendingRegistration {
  email: string;
  name: string;
  tenantName: string;
  passwordHash: NewPasswordHash;
}

/**
 * Asks to open a tenant of one's own (spec W11). Whether the address has an account already is told to its mailbox only.
 *
 * No account exists before the address is proved, and proving takes the password again: whoever registers a stranger's
 * address leaves nothing for the stranger to fall into (threat 23).
 *
 * @throws {Problem} `auth.registration_closed`, `auth.sso_required`, what `checkNewPassword` and `hashNewPassword` throw
 */
export async function register(deps: Deps, input: RegisterRequest, request: RequestContext): Promise<void> {
  checkRegistrationOpen(deps);
  await checkPasswordsTaken(deps, input.email);
  // The tenant that will govern it begins with the defaults.
  const password = checkNewPassword(deps, DEFAULT_SETTINGS.password, input.password);
  const account = await loadAccount(deps.doors, emailKey(input.email));
  const passwordHash = await hashNewPassword(deps, password, input);
  const mailed = await deps.mailLimits.isShareLeft('registration', input.email, { ip: request.ip });
  await deps.doors.withTenant(inRoot, async (tx) => {
    const pending: PendingRegistration = {
      email: input.email,
      name: input.name,
      tenantName: input.tenantName,
      passwordHash,
    };
    // The token is made either way, so that all cost the same; for a known address, and for one that gets no further mail
    // for now, nobody ever receives it, and nothing of what was typed is kept in it.
    const token = await deps.oneTimeTokens.issue(tx, 'registration', {
      payload: mailed && !account ? pending : {},
      lifetimeSeconds: LINK_SECONDS,
    });
    const mail = account
      ? alreadyRegisteredMail(deps.config, account.email)
      : confirmRegistrationMail(deps.config, input.email, token);
    await deps.outbox[mailed ? 'mail' : 'withhold'](tx, 'registration', mail, request.correlationId);
    const subject = subjectOfTheDay(deps.clock.now());
    await deps.audit.record(tx, {
      action: 'registration_requested',
      actor: { kind: 'anonymous', subject },
      resource: { type: 'address', id: null },
      after: { email: personal(subject, input.email), mailed },
      request,
    });
  });
}

/**
 * Opens the tenant, its first administrator and a session, for whoever holds the mailed link and knows the password.
 *
 * @throws {Problem} `auth.link_invalid`, `auth.registration_closed`, `auth.client_not_allowed`, `auth.sso_required`,
 *   `auth.invalid_credentials`
 */
export async function confirmRegistration(
  deps: Deps,
  input: ConfirmRegistrationRequest & { browser: SigningBrowser },
  request: RequestContext,
): Promise<SignInOutcome> {
  checkRegistrationOpen(deps);
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  // SECURITY: the tenant does not exist yet, so no client of a tenant can be its own.
  if (!isServedBy(client, undefined)) throw clientNotAllowed();
  await checkPassword(deps, input);
  return deps.doors.withTenant(inRoot, async (tx) => {
    const spent = await deps.oneTimeTokens.consume(tx, 'registration', input.token);
    if (!spent) throw linkInvalid();
    const pending = spent.payload as PendingRegistration;
    const { tenantName: name, email, passwordHash } = pending;
    const addUser = (inside: TenantTx) => addFirst(deps, inside, pending, request);
    return openOwnTenant(deps, tx, { name, addUser }, request, async (inside, { id }, actor) => {
      const ground = { by: 'registration', spent } as const;
      await setPassword(deps, inside, { user: { id, email }, passwordHash, ground, actor }, request);
      const proved = { userId: id, client, amr: ['pwd'], browser: input.browser };
      return afterFirstFactor(deps, inside, proved, request);
    });
  });
}

/** @throws {Problem} `auth.link_invalid` for who registered meanwhile by another link to the same mailbox. */
async function addFirst(
  deps: Deps,
  tx: TenantTx,
  { email, name }: PendingRegistration,
  request: RequestContext,
) {
  const user = await insertUser(tx, { email, name, status: 'active', now: deps.clock.now() });
  if (!user) throw linkInvalid();
  const self = { tenantId: tx.tenantId, id: user.id };
  await deps.audit.record(tx, {
    action: 'user_created',
    actor: { kind: 'user', ...self, email },
    resource: { type: 'user', id: user.id },
    after: { email: personal(self, email), name: personal(self, name), status: 'active' },
    request,
  });
  return { ...user, email };
}

/**
 * The password, before the link is spent: a slip must not cost it.
 *
 * SECURITY: never inside the transaction that spends the link. A hash takes a quarter of a second, and whoever holds one link
 * of their own could keep every connection waiting for its row.
 */
async function checkPassword(deps: Deps, input: ConfirmRegistrationRequest): Promise<void> {
  const open = await deps.doors.withTenant(inRoot, (tx) =>
    deps.oneTimeTokens.read(tx, 'registration', input.token),
  );
  if (!open) throw linkInvalid();
  // SECURITY: asked again. The domain may have been claimed since, by a tenant that takes single sign-on only.
  await checkPasswordsTaken(deps, (open.payload as PendingRegistration).email);
  if (await deps.passwords.verify(input.password, (open.payload as PendingRegistration).passwordHash)) return;
  throw new Problem('auth.invalid_credentials', {
    detail: 'Enter the password that you chose when you registered.',
  });
}

function checkRegistrationOpen(deps: Deps): void {
  checkPasswordsAllowed(deps);
  if (deps.config.registration === 'closed') {
    throw new Problem('auth.registration_closed', { detail: 'Ask an administrator to add you.' });
  }
}
