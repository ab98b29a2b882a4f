import { enterOwn } from '../../platform/access/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { redirectUriOf } from './connection-message.ts';
import { type ConnectionRow, findConnection, loadConnection } from './connections.repo.ts';
import { asProblemOf, notProvedAnew } from './provider-problem.ts';
import { checkReturnAddress } from './return-address.ts';
import { type Attempt, hashOfBrowser, issueAttempt } from './sign-in-attempt.ts';

export interface BeginSignIn {
  connectionId: string;
  client: string | undefined;
  returnTo: string | undefined;
  /** The cookie that binds the attempt to this browser. */
  cookie: string;
  linksTo?: Attempt['linksTo'];
  invitation?: Attempt['invitation'];
  proves?: Attempt['proves'];
  anew?: Attempt['anew'];
}

/**
 * Sends a browser to the provider of a connection (spec W7, W9).
 *
 * @throws {Problem} `resource.not_found`, `auth.connection_disabled`, `auth.client_unknown`, `request.invalid`, `auth.provider_failed`,
 *   `auth.not_proved_anew`
 */
export async function beginSignIn(deps: Deps, input: BeginSignIn): Promise<URL> {
  const client = await deps.clients.get(input.client ?? CONSOLE_CLIENT);
  const returnTo = checkReturnAddress(deps.config, client, input.returnTo);
  const row = await getEnabledConnection(deps, input.connectionId);
  try {
    const provider = await deps.providers.get(row);
    if (input.proves && !provider.provesAnew) throw notProvedAnew(row);
    const { state, attempt } = await issueAttempt(deps, row.tenant_id, {
      connectionId: row.id,
      clientId: client.clientId,
      returnTo,
      browser: hashOfBrowser(input.cookie),
      ...(input.linksTo && { linksTo: input.linksTo }),
      ...(input.invitation !== undefined && { invitation: input.invitation }),
      ...(input.proves && { proves: input.proves }),
      ...(input.anew && { anew: input.anew }),
    });
    return await provider.authorizationUrl({
      ...attempt,
      state,
      anew: (input.proves ?? input.anew) !== undefined,
      redirectUri: redirectUriOf(deps.config, row),
    });
  } catch (error) {
    throw asProblemOf(error);
  }
}

/**
 * A connection by its id alone, before any tenant is known.
 *
 * @throws {Problem} `resource.not_found`, `auth.connection_disabled`
 */
export const getEnabledConnection = (deps: Deps, id: string): Promise<ConnectionRow> =>
  getConnectionFor(deps, id, {});

/**
 * The connection that an attempt is of. Whoever tries one does so before it is in service.
 *
 * @throws {Problem} `resource.not_found`, `auth.connection_disabled`
 */
export async function getConnectionFor(
  deps: Deps,
  id: string,
  attempt: Pick<Attempt, 'trial'>,
): Promise<ConnectionRow> {
  const found = await findConnection(deps.doors, id);
  const row =
    found &&
    (await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: found.tenant_id }), (tx) =>
      loadConnection(tx, id),
    ));
  if (!row) throw new Problem('resource.not_found', { detail: 'There is no such way to sign in.' });
  const isEnabled = found?.status === 'enabled' && row.status === 'enabled';
  if ((!isEnabled && attempt.trial === undefined) || found?.tenant_status !== 'active')
    throw new Problem('auth.connection_disabled', {
      detail: 'Sign in another way, or ask your administrator.',
    });
  return row;
}
