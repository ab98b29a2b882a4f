import { enterOwn } from '../../platform/access/index.ts';
import type { Problem, RequestContext } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { ProviderFault } from './providers/provider.ts';

/** Puts a refused sign-in on record, in the tenant of the connection, and what the provider did wrong into the log. */
export async function recordRefusedIdentity(
  deps: Deps,
  row: ConnectionRow,
  problem: Problem,
  request: RequestContext,
): Promise<void> {
  const why = problem.options.cause;
  if (why !== undefined)
    deps.log.warn(
      { connectionId: row.id, correlationId: request.correlationId, err: why },
      'an identity provider did not answer as it should',
    );
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), (tx) =>
    deps.audit.record(tx, {
      action: 'failed_login',
      actor: { kind: 'anonymous' },
      resource: { type: 'connection', id: row.id },
      after: {
        verdict: problem.code,
        ...(why instanceof ProviderFault && why.reason !== undefined && { reason: why.reason }),
      },
      request,
    }),
  );
}
