import { enterOwn } from '../../../platform/access/index.ts';
import { sha256 } from '../../../platform/crypto/index.ts';
import type { Deps } from '../../deps.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import { asFault } from '../providers/saml.ts';
import type { ProvedIdentity } from '../providers/provider.ts';
import { takeMessageIds } from './message-ids.repo.ts';
import { SamlFault } from './saml-fault.ts';
import { LONGEST_AGE_MS, SKEW_MS } from './saml-limits.ts';

/**
 * Takes response and assertion, each of which is good once (SAML Profiles §4.1.4.5, threat 67).
 *
 * Kept until an assertion of that age counts no more; the clocks of both sides may be off.
 *
 * @throws {ProviderFault}
 */
export async function spendMessageIds(
  deps: Deps,
  row: ConnectionRow,
  { messageIds }: ProvedIdentity,
): Promise<void> {
  if (messageIds === undefined) return;
  const hashes = messageIds.map((id) => sha256(id));
  const until = new Date(deps.clock.now().getTime() + LONGEST_AGE_MS + 4 * SKEW_MS);
  const taken = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), (tx) =>
    takeMessageIds(tx, row.id, hashes, until),
  );
  if (!taken) throw asFault(new SamlFault('replayed', 'the response, or its assertion, was taken before'));
}
