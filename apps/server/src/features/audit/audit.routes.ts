import { AuditRecord, AuditRecordDetail, PageQuery } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { filterQuery, readFilter } from './audit.filter.ts';
import { listRecords, loadRecord } from './audit.repo.ts';
import { type Judged, judgeRecords } from './seal/seal-state.ts';
import { describeRecord, openPersonal, readKeysAhead } from './search.ts';

const tags = ['Audit'];
const Query = PageQuery(filterQuery);

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
          'Newest first, by actor, action, resource, correlation id and time (`from` included, `to` excluded). Whether each record is what was sealed is found out at each reading.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(AuditRecord, 'access.denied', 'resource.not_found'),
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const { limit, cursor, ...filter } = request.query;
      return deps.doors.withTenant(entered, async (tx) => {
        const found = await page({
          cursors: deps.cursors,
          list: ['audit', entered.tenantId, JSON.stringify(filter)],
          query: { ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) },
          load: (position, rows) =>
            listRecords(tx, {
              ...readFilter(filter),
              before: position && { time: String(position[0]), id: String(position[1]) },
              limit: rows,
            }),
          position: (row) => [row.time, row.id],
          item: (row) => row,
        });
        const judged = await judgeRecords(tx, deps.auditKeys, found.items);
        await readKeysAhead(tx, deps.subjectKeys, found.items);
        const items: AuditRecord[] = [];
        for (const row of found.items)
          items.push(
            describeRecord(row, await openPersonal(tx, deps.subjectKeys, row), sealOf(judged, row.id).seal),
          );
        return { ...found, items };
      });
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
        description:
          'The record with the state before and after, the canonical form that was sealed, and the proof that it is in the tree that the checkpoint signs.',
        params: tenantAndIdParams(scope),
        response: {
          200: AuditRecordDetail,
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
        const { seal, proof } = sealOf(await judgeRecords(tx, deps.auditKeys, [row]), row.id);
        return { ...describeRecord(row, await openPersonal(tx, deps.subjectKeys, row), seal), proof };
      });
    },
  );
  done();
};

function sealOf(judged: Map<string, Judged>, id: string): Judged {
  const found = judged.get(id);
  if (found === undefined) throw new Error('every record is judged');
  return found;
}
