import type { TenantTx } from '../../platform/database/index.ts';
import type { Letter } from '../../platform/mail/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { AuditEntry, personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';

/** What somebody is answered who was wrong too often. */
export const accountLocked = (deps: Pick<Deps, 'clock'>, until: Date, detail: string): Problem =>
  new Problem('auth.account_locked', {
    detail,
    retryAfter: (until.getTime() - deps.clock.now().getTime()) / 1000,
  });

export interface Lock {
  actor: AuditEntry['actor'];
  resource: AuditEntry['resource'];
  email: ReturnType<typeof personal>;
  lockedUntil: Date | null;
  /** What was wrong too often, where it was not the sign-in. */
  by?: 'password check' | 'second factor';
  /** For the owner, where anybody is told; withheld costs as many statements as sent. */
  mail: Letter | undefined;
  send?: 'mail' | 'withhold';
}

/** The failure that locks: on record, and told to the owner. */
export async function recordLock(
  deps: Pick<Deps, 'audit' | 'outbox'>,
  tx: TenantTx,
  { actor, resource, email, lockedUntil, by, mail, send = 'mail' }: Lock,
  request: RequestContext,
): Promise<void> {
  await deps.audit.record(tx, {
    action: 'account_locked',
    actor,
    resource,
    after: { email, lockedUntil: lockedUntil?.toISOString() ?? null, ...(by !== undefined && { by }) },
    request,
  });
  if (mail) await deps.outbox[send](tx, 'account_locked', mail, request.correlationId);
}
