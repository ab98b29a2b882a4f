import { enterOwn } from '../../../platform/access/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import type { TenantId } from '../../../platform/ids.ts';
import { tenantOfToken } from '../../../platform/one-time-tokens/index.ts';
import type { Deps } from '../../deps.ts';
import { getConnectionFor } from '../begin-sign-in.ts';
import { type Attempt, expired } from '../sign-in-attempt.ts';

/** The longest response that is taken, in base64: some hundred groups are a third of it. */
export const LONGEST_RESPONSE = 131_072;

/**
 * Keeps a response beside the sign-in that it answers, once, until the browser that began comes for it.
 *
 * SECURITY: the provider has the browser post it from another site, where our cookie does not come along. So nothing is read of it
 * here and nobody is let in; what it is worth is judged where the cookie arrives (`finish-sign-in.ts`). Who posts without a sign-in
 * of this connection stores nothing. A sign-in that was begun at the provider has none, and is not taken: anybody could
 * have a browser sign in as somebody else that way (login CSRF, threats 20 and 33).
 *
 * @throws {Problem} `resource.not_found`, `auth.connection_disabled`, `auth.idp_initiated`, `auth.sign_in_expired`
 */
export async function storeResponse(
  deps: Deps,
  { connectionId, relayState, response }: { connectionId: string; relayState: string; response: string },
): Promise<void> {
  const tenantId = tenantOfToken(relayState);
  const attempt = tenantId && (await loadAttempt(deps, tenantId, relayState));
  const isOfThis = attempt?.connectionId === connectionId;
  const row = await getConnectionFor(deps, connectionId, isOfThis ? attempt : {});
  if (row.kind !== 'saml')
    throw new Problem('resource.not_found', { detail: 'There is no such way to sign in.' });
  if (tenantId === undefined)
    throw new Problem('auth.idp_initiated', { detail: 'Begin at the sign-in page, or follow its link.' });
  if (!isOfThis) throw expired();
  const answered: Attempt = { ...attempt, answer: response };
  const isKept = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), (tx) =>
    deps.oneTimeTokens.amend(tx, 'connection-sign-in', relayState, answered),
  );
  if (!isKept) throw expired();
}

const loadAttempt = (deps: Deps, tenantId: TenantId, state: string): Promise<Attempt | undefined> =>
  deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const open = await deps.oneTimeTokens.read(tx, 'connection-sign-in', state);
    return open?.payload as Attempt | undefined;
  });
