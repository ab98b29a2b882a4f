import { AUDIT_ACTIONS, AuditRecord, Id, PageQuery } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { listRecords, loadRecord } from './audit.repo.ts';
import { revealRecord } from './search.ts';

const tags = ['Audit'];
const Moment = Type.String({
  format: 'date-time',
  description: 'RFC 3339.',
  examples: ['2026-11-21T00:00:00Z'],
});
const Query = PageQuery({
  actor: Type.Optional(Id),
  action: Type.Optional(Type.String({ enum: Object.keys(AUDIT_ACTIONS) })),
  resourceType: Type.Optional(Type.String({ maxLength: 64 })),
  resourceId: Type.Optional(Type.String({ maxLength: 200 })),
  correlationId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
  from: Type.Optional(Moment),
  to: Type.Optional(Moment),
});

/** Reading the audit trail (spec A1, A4). There is no route that changes it. */
export const auditRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/audit`,
    {
      config: { access: user({ permission: 'audit:read' }) },
      schema: {
        tags,
        operationId: `listAuditRecords${suffix}`,
        summary: 'Search the audit trail',
        description:
          'Newest first, by actor, action, resource, correlation id and time (`from` included, `to` excluded).',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(AuditRecord, 'access.denied', 'resource.not_found'),
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const { limit, cursor, from, to, ...filter } = request.query;
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['audit', entered.tenantId, from, to, ...Object.values(filter)],
          query: { ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) },
          load: (position, rows) =>
            listRecords(tx, {
              ...filter,
              from: from === undefined ? undefined : new Date(from),
              to: to === undefined ? undefined : new Date(to),
              before: position && { time: new Date(String(position[0])), id: String(position[1]) },
              limit: rows,
            }),
          position: (row) => [row.occurred_at.toISOString(), row.id],
          item: (row) => revealRecord(tx, deps.subjectKeys, row),
        }),
      );
    },
  );

  app.get(
    `${at}/audit/:id`,
    {
      config: { access: user({ permission: 'audit:read' }) },
      schema: {
        tags,
        operationId: `getAuditRecord${suffix}`,
        summary: 'One audit record',
        description: 'The record with the state before and after.',
        params: tenantAndIdParams(scope),
        response: {
          200: AuditRecord,
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      return deps.doors.withTenant(entered, async (tx) => {
        const row = await loadRecord(tx, request.params.id);
        if (!row)
          throw new Problem('resource.not_found', {
            detail: 'There is no such audit record in this tenant.',
          });
        return revealRecord(tx, deps.subjectKeys, row);
      });
    },
  );
  done();
};
