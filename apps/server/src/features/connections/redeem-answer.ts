import { enterOwn } from '../../platform/access/index.ts';
import type { SessionId } from '../../platform/ids.ts';
import type { SigningBrowser } from '../auth/index.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { redirectUriOf } from './connection-message.ts';
import { type ConnectionRow, learnThatTimeIsStated } from './connections.repo.ts';
import type { ProvedIdentity, Provider } from './providers/provider.ts';
import type { Place } from './saml/saml-thread.ts';
import { spendMessageIds } from './saml/spend-message-ids.ts';
import type { Attempt } from './sign-in-attempt.ts';

export interface FinishSignIn {
  connectionId: string;
  /** The query of the address that the provider sent the browser back to, as it stands. */
  query: string;
  state: string;
  cookie: string | undefined;
  browser: SigningBrowser;
  /** The session that this browser has with an app, if it brings one along. */
  sessionIn(client: KnownClient): Promise<{ sessionId: SessionId } | undefined>;
}

/** A sign-in that has come back, and what it was begun with. */
export interface Returned extends FinishSignIn {
  attempt: Attempt;
  cookie: string;
  /** SAML: its place among the documents that wait to be read. */
  place: Place | undefined;
  row: ConnectionRow;
  client: KnownClient;
}

/**
 * What the provider says of whoever came back, and the provider.
 *
 * @throws {ProviderFault}
 */
export async function redeemAnswer(
  deps: Deps,
  { row, attempt, query, state, place }: Pick<Returned, 'row' | 'attempt' | 'query' | 'state' | 'place'>,
): Promise<{ identity: ProvedIdentity; provider: Provider }> {
  const provider = await deps.providers.get(row);
  const redirectUri = redirectUriOf(deps.config, row);
  // Of our own address and the query: what a proxy or a forged Host says of the rest does not count.
  const callback = new URL(`${redirectUri}?${query}`);
  const identity = await provider.redeem(callback, {
    ...attempt,
    state,
    redirectUri,
    place,
  });
  await spendMessageIds(deps, row, identity);
  // SECURITY: from then on an answer without a time is one to a request from which something was taken out (docs/adr/0082).
  if (identity.provedAt !== undefined && !provider.statesTime && !row.settings.statesTime)
    await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), (tx) =>
      learnThatTimeIsStated(tx, row),
    );
  return { identity, provider };
}
