import { enterOwn } from '../../platform/access/index.ts';
import type { Problem, RequestContext } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { ProviderFault } from './providers/provider.ts';
import type { Returned } from './redeem-answer.ts';

/**
 * Puts a refused sign-in on record, in the tenant of the connection, and what the provider did wrong into the log. A refused link
 * is a matter of the user's tenant.
 */
export async function recordRefusedIdentity(
  deps: Deps,
  { row, attempt: { linksTo, proves, anew } }: Pick<Returned, 'row' | 'attempt'>,
  problem: Problem,
  request: RequestContext,
): Promise<void> {
  const why = problem.options.cause;
  if (why !== undefined)
    deps.log.warn(
      { connectionId: row.id, correlationId: request.correlationId, err: why },
      'an identity provider did not answer as it should',
    );
  await deps.doors.withTenant(
    enterOwn({ kind: 'claim', tenantId: (linksTo ?? proves)?.tenantId ?? row.tenant_id }),
    (tx) =>
      deps.audit.record(tx, {
        ...(linksTo
          ? {
              action: 'identity_link_refused',
              // Who sits there now is not known.
              actor: { kind: 'anonymous', subject: { tenantId: linksTo.tenantId, id: linksTo.userId } },
              resource: { type: 'user', id: linksTo.userId },
            }
          : {
              action: 'failed_login',
              actor: {
                kind: 'anonymous',
                ...(proves && { subject: { tenantId: proves.tenantId, id: proves.userId } }),
              },
              resource: { type: 'connection', id: row.id },
            }),
        after: {
          ...(linksTo && { connection: row.id }),
          ...(proves && { at: 'step-up' }),
          ...(anew && { at: 'enrolment' }),
          verdict: problem.code,
          ...(why instanceof ProviderFault && why.reason !== undefined && { reason: why.reason }),
        },
        request,
      }),
  );
}
