import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { identityLinkedMail } from './connections.mails.ts';
import type { IdentityKey } from './identities.repo.ts';

/**
 * What comes with each link that its owner made: the record; and the owner is told, since whoever holds the provider's account now comes
 * in by it (threat 41).
 */
export async function recordLink(
  deps: Deps,
  tx: TenantTx,
  { key, userId, email }: { key: IdentityKey; userId: UserId; email: string },
  request: RequestContext,
): Promise<void> {
  const self = { tenantId: tx.tenantId, id: userId };
  await deps.audit.record(tx, {
    action: 'identity_linked',
    actor: { kind: 'user', ...self, email },
    resource: { type: 'user', id: userId },
    after: { connection: key.connectionId, issuer: key.issuer, subject: personal(self, key.subject) },
    request,
  });
  const mail = identityLinkedMail(deps.config, email, request);
  await deps.outbox.mail(tx, 'identity_linked', mail, request.correlationId);
}
