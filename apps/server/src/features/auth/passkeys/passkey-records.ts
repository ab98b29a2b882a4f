import { enterOwn } from '../../../platform/access/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import type { TenantId, UserId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import { passkeyRefusedMail } from '../second-factor/second-factor.mails.ts';

interface Holder {
  tenantId: TenantId;
  userId: UserId;
  email: string;
}

/** Which passkey it was; what it led to is on record besides. */
export const recordPasskeyUsed = (
  deps: Deps,
  tx: TenantTx,
  { tenantId, userId, email }: Holder,
  { id, at }: { id: string; at: 'sign-in' | 'session' },
  request: RequestContext,
): Promise<void> =>
  deps.audit.record(tx, {
    action: 'passkey_used',
    actor: { kind: 'user', id: userId, tenantId, email },
    resource: { type: 'credential', id },
    after: { at },
    request,
  });

/** The counter of a passkey went back, in an answer that is right otherwise: the owner is told, since only they can know why. */
export const tellOfCopy = (
  deps: Deps,
  { tenantId, userId, email }: Holder,
  id: string,
  request: RequestContext,
): Promise<void> =>
  deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    await deps.audit.record(tx, {
      action: 'passkey_refused',
      actor: { kind: 'anonymous', subject: { tenantId, id: userId } },
      resource: { type: 'credential', id },
      after: { counter: 'went back' },
      request,
    });
    const mail = passkeyRefusedMail(deps.config, email, request);
    await deps.outbox.mail(tx, 'passkey_refused', mail, request.correlationId);
  });
