import { PageQuery, UnusedGrant } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf } from '../../platform/http/index.ts';
import { type TenantScoped, tenantParams } from '../tenant-scoped.ts';
import { listUnused, type UnusedRow } from './permission-uses.repo.ts';

const DAY_MS = 86_400_000;
const Query = PageQuery({
  days: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3650, default: 90, description: 'Not used for so many days.' }),
  ),
});

const unusedOf = (row: UnusedRow): UnusedGrant => ({
  principalId: row.principal_id,
  assignmentId: row.assignment_id,
  group: row.group_id === null ? null : { id: row.group_id, name: row.group_name ?? '' },
  roles: row.roles,
  since: row.since.toISOString(),
  lastUsedOn: row.last_used_on,
});

/** Grants that nobody uses (spec R2). */
export const unusedRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/roles/unused`,
    {
      config: { access: user({ permission: 'roles:read' }) },
      schema: {
        tags: ['Roles'],
        operationId: `listUnusedGrants${suffix}`,
        summary: 'Grants that nobody uses',
        description:
          'Roles that members and services hold, and memberships of groups, none of whose permissions was used for `days`. Uses are seen here: what services decide by themselves is not. Younger grants are not listed, and nothing in the first days of a deployment that notes uses.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(UnusedGrant, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { days = 90 } = request.query;
      const now = deps.clock.now();
      // By whole days, so that the pages of a list are pages of one list.
      const before = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - (days - 1) * DAY_MS);
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['unused-grants', entered.tenantId, String(days)],
          query: request.query,
          load: (position, limit) => {
            const after = position && { principalId: String(position[0]), id: String(position[1]) };
            return listUnused(tx, { before, after, limit, now });
          },
          position: (row) => [row.principal_id, row.id],
          item: unusedOf,
        }),
      );
    },
  );
  done();
};
