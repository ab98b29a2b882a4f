import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Id, LoggedDecision, PageQuery } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf } from '../../platform/http/index.ts';
import { type TenantScoped, tenantParams } from '../tenant-scoped.ts';
import { listDecisions } from './decisions.repo.ts';

const Query = PageQuery({
  principalId: Type.Optional(Id),
  decision: Type.Optional(Type.String({ enum: ['permit', 'deny'] })),
  permission: Type.Optional(Type.String({ maxLength: 400, examples: ['tickets:read'] })),
});

/** Reading the decision log (spec A1). There is no route that changes it. */
export const decisionLogRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  app.get(
    `${at}/decisions`,
    {
      config: { access: user({ permission: 'decisions:read' }) },
      schema: {
        tags: ['Decisions'],
        operationId: `listDecisions${suffix}`,
        summary: 'The decision log',
        description:
          "Newest first: whose request it was, for what, and why it was permitted or denied. Of Gatehouse's own routes all changes and a sample of the reads, of what services ask for (AuthZEN) everything, and where a policy in the shadow would have decided otherwise (`policyVersion` begins with `shadow`). Refusals of Gatehouse's own routes are in the audit trail. Written in batches, within about a second.",
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(LoggedDecision, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { principalId, decision, permission, ...query } = request.query;
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['decisions', entered.tenantId, principalId ?? '', decision ?? '', permission ?? ''],
          query,
          load: (position, limit) =>
            listDecisions(tx, {
              principalId,
              decision,
              permission,
              before: position && { time: String(position[0]), id: String(position[1]) },
              limit,
            }),
          position: (row) => [row.time, row.id],
          item: (row) => ({
            id: row.id,
            time: row.occurred_at.toISOString(),
            principalId: row.principal_id,
            permission: row.permission,
            resource: row.resource,
            decision: row.decision,
            reason: row.reason,
            policyVersion: row.policy_version,
            correlationId: row.correlation_id,
          }),
        }),
      );
    },
  );
  done();
};
