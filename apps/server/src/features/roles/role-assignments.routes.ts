import { CreateRoleAssignment, Id, PageQuery, RoleAssignment } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { contextOf, page, pageOf, problems } from '../../platform/http/index.ts';
import type { PrincipalId } from '../../platform/ids.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { grant } from './grant.ts';
import { revokeRole } from './revoke-role.ts';
import { type AssignmentRow, listAssignments } from './roles.repo.ts';

const tags = ['Roles'];
const Query = PageQuery({ principalId: Type.Optional(Id) });

const assignmentOf = (row: AssignmentRow): RoleAssignment => ({
  id: row.id,
  tenantId: row.tenant_id,
  principalId: row.principal_id,
  role: row.role,
  via: row.via,
  grantedBy: row.granted_by,
  expiresAt: row.expires_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});

/** Who holds which role, and the only two ways to change it: `grant()` and `revokeRole()` (spec R1, R2). */
export const roleAssignmentsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/role-assignments`,
    {
      config: { access: user({ permission: 'roles:read' }) },
      schema: {
        tags,
        operationId: `listRoleAssignments${suffix}`,
        summary: 'Who holds which role',
        description:
          "In the order in which they were made; of one principal with `principalId`. A member's principal has the id of the membership. Assignments that have expired stay listed, and open nothing.",
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(RoleAssignment, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { principalId } = request.query;
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['role-assignments', entered.tenantId, principalId],
          query: request.query,
          load: (position, limit) =>
            listAssignments(tx, { principalId, after: position && String(position[0]), limit }),
          position: (row) => [row.id],
          item: assignmentOf,
        }),
      );
    },
  );

  app.post(
    `${at}/role-assignments`,
    {
      config: { access: user({ permission: 'roles:assign' }) },
      schema: {
        tags,
        operationId: `assignRole${suffix}`,
        summary: 'Give a role',
        description:
          'Nobody can give what they do not hold. It counts at the next request of whoever gets it. A role that is held already gets the expiry asked for now (none: for good), and the answer is 200.',
        params: tenantParams(scope),
        body: CreateRoleAssignment,
        response: {
          200: RoleAssignment,
          201: RoleAssignment,
          ...problems(
            'request.invalid',
            'roles.unknown',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'access.grant_exceeds_own',
            'roles.root_only',
            'resource.not_found',
            'users.last_administrator',
          ),
        },
      },
    },
    async (request, reply) => {
      const { principal, entered } = callerOf(request);
      const { principalId, role, expiresAt } = request.body;
      const wanted = {
        principalId: principalId as PrincipalId,
        role,
        expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
      };
      const { assignment, isNew } = await deps.doors.withTenant(entered, (tx) =>
        grant(deps, tx, principal, wanted, contextOf(request)),
      );
      return reply.code(isNew ? 201 : 200).send(assignmentOf(assignment));
    },
  );

  app.delete(
    `${at}/role-assignments/:id`,
    {
      config: { access: user({ permission: 'roles:assign' }) },
      schema: {
        tags,
        operationId: `removeRole${suffix}`,
        summary: 'Take a role away',
        description:
          'Nobody can take away what they do not hold. It counts at the next request of whoever loses it.',
        params: tenantAndIdParams(scope),
        response: {
          204: Type.Null({ description: 'Taken away.' }),
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'access.grant_exceeds_own',
            'resource.not_found',
            'users.last_administrator',
          ),
        },
      },
    },
    async (request, reply) => {
      const { principal, entered } = callerOf(request);
      await deps.doors.withTenant(entered, (tx) =>
        revokeRole(deps, tx, principal, request.params.id, contextOf(request)),
      );
      return reply.code(204).send(null);
    },
  );
  done();
};
