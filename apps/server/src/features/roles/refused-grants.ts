import type { FastifyInstance } from 'fastify';
import { callerOf } from '../../platform/access/index.ts';
import { contextOf, Problem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';

/**
 * Puts refused grants on record (spec A1), on whichever route `grant()` or `revokeRole()` was reached.
 *
 * SECURITY: the refusal rolls back the transaction that it happened in; an attempt to rise must stay visible all the same.
 */
export function recordRefusedGrants(app: FastifyInstance, deps: Pick<Deps, 'denials'>): void {
  app.addHook('onError', async (request, _reply, error) => {
    if (!(error instanceof Problem) || error.code !== 'access.grant_exceeds_own') return;
    const { principal, entered } = callerOf(request);
    await deps.denials.record({
      principal,
      entered,
      request: contextOf(request),
      resource: { type: 'route', id: `${request.method} ${request.routeOptions.url ?? ''}` },
      reason: { code: error.code, permission: error.options.missingPermission },
    });
  });
}
