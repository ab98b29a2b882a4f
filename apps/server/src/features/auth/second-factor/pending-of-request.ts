import type { FastifyRequest } from 'fastify';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { checkOrigin } from '../cross-site.ts';
import { browserOf } from '../signing-browser.ts';
import { getPending, type PendingSignIn, type Waiting } from './pending-sign-in.ts';

/**
 * The sign-in that waits, by the session token in the body.
 *
 * SECURITY: by the client that the page names, and again by the one that signed in: the token says which.
 *
 * @throws {Problem} `auth.origin_refused`, `auth.client_unknown`, `auth.mfa_session_invalid`
 */
export async function pendingOf(
  deps: Deps,
  request: FastifyRequest,
  waiting: Waiting,
  body: { session_token: string; client?: string },
): Promise<PendingSignIn> {
  checkOrigin(request, deps.config, await deps.clients.get(body.client ?? CONSOLE_CLIENT));
  const of = { browser: browserOf(request), clientId: body.client };
  const pending = await getPending(deps, waiting, body.session_token, of);
  checkOrigin(request, deps.config, pending.client);
  return pending;
}
