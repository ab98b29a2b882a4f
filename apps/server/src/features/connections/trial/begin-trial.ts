import { Problem } from '../../../platform/http/index.ts';
import { actorOf } from '../../audit/index.ts';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Person } from '../../denied.ts';
import type { Deps } from '../../deps.ts';
import { checkNotBuiltIn, unknownConnection } from '../change-connection.ts';
import { redirectUriOf } from '../connection-message.ts';
import { checkComplete } from '../connection-rules.ts';
import { loadConnection } from '../connections.repo.ts';
import { asProblemOf } from '../provider-problem.ts';
import { hashOfBrowser, issueAttempt } from '../sign-in-attempt.ts';

/**
 * Begins a sign-in that signs nobody in, links nobody and makes nobody, for an administrator who wants to see what a connection does
 * before it is in service.
 *
 * @throws {Problem} `resource.not_found`, `connections.built_in`, `connections.incomplete`, `connections.provider_unreachable`
 */
export async function beginTrial(
  deps: Deps,
  caller: Person,
  { connectionId, cookie }: { connectionId: string; cookie: string },
): Promise<URL> {
  const row = await deps.doors.withTenant(caller.entered, (tx) => loadConnection(tx, connectionId));
  if (!row) throw unknownConnection();
  checkNotBuiltIn(row);
  checkComplete(row);
  // Anew, so that what has been mended there is seen.
  await deps.providers.check(row);
  try {
    const provider = await deps.providers.get(row);
    const { state, attempt } = await issueAttempt(deps, row.tenant_id, {
      connectionId: row.id,
      clientId: CONSOLE_CLIENT,
      returnTo: `${deps.config.publicUrl}/connections/${row.id}/trial`,
      browser: hashOfBrowser(cookie),
      trial: { sessionId: caller.principal.sessionId },
    });
    const url = await provider.authorizationUrl({
      ...attempt,
      state,
      // Asked for it, a provider that keeps to the standard says when; of its own accord it need not, and would look as if it could not.
      anew: true,
      redirectUri: redirectUriOf(deps.config, row),
    });
    await deps.doors.withTenant(caller.entered, (tx) =>
      deps.audit.record(tx, {
        action: 'connection_tried',
        actor: actorOf(caller.principal),
        resource: { type: 'connection', id: row.id },
        after: { status: row.status },
        request: caller.request,
      }),
    );
    return url;
  } catch (error) {
    throw error instanceof Problem ? error : asProblemOf(error);
  }
}
