import { enterOwn } from '../../../platform/access/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import { hasSecondFactor, insufficient, type SignedInPrincipal } from '../../auth/index.ts';
import type { Deps } from '../../deps.ts';
import { loadConnectionOf } from '../../sessions/index.ts';
import { beginSignIn } from '../begin-sign-in.ts';

/**
 * Sends somebody who is signed in back to the provider that let them in, to prove anew who they are (RFC 9470, spec R8).
 *
 * SECURITY: no other provider: the session ends with the connection that opened it, and so does what it has proved.
 *
 * @throws {Problem} `resource.not_found` where no provider opened the session; `auth.insufficient_user_authentication` where the
 *   account has a second factor; `auth.not_proved_anew` where the provider cannot; what `beginSignIn` throws
 */
export async function beginStepUp(
  deps: Deps,
  { homeTenantId, userId, sessionId, session }: SignedInPrincipal,
  { returnTo, cookie }: { returnTo: string | undefined; cookie: string },
): Promise<URL> {
  const home = enterOwn({ kind: 'claim', tenantId: homeTenantId });
  const connectionId = await deps.doors.withTenant(home, async (tx) => {
    // SECURITY: a first factor makes no second one recent.
    if (await hasSecondFactor(tx, userId)) throw insufficient('2', 0);
    return loadConnectionOf(tx, sessionId);
  });
  if (connectionId === null)
    throw new Problem('resource.not_found', {
      detail: 'No identity provider let this session in: sign in again, the way you did before.',
    });
  const since = deps.clock.now().toISOString();
  return beginSignIn(deps, {
    connectionId,
    cookie,
    client: session.client_id,
    returnTo,
    proves: { userId, tenantId: homeTenantId, sessionId, since },
  });
}
