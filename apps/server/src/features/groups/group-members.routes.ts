import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { AddGroupMember, GroupMember, Id, Message, PageQuery } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { addMember, removeMember } from './change-members.ts';
import { listMembers, loadGroup, type MemberRow } from './groups.repo.ts';
import { unknownGroup } from './refused.ts';

const tags = ['Groups'];
const Query = PageQuery();
const ofChanging = [
  'request.invalid',
  'auth.unauthenticated',
  'auth.csrf_refused',
  'access.denied',
  'access.grant_exceeds_own',
  'resource.not_found',
] as const;

const memberOf = (row: MemberRow): GroupMember => ({
  principalId: row.principal_id,
  kind: row.kind,
  userId: row.user_id,
  name: row.name,
  email: row.email,
  addedAt: row.added_at.toISOString(),
});

/**
 * Who is in a group (spec R2, R6).
 *
 * SECURITY: being in a group is holding its roles; these routes ask for what `POST /role-assignments` asks for, under the same rule
 * (threat 72).
 */
export const groupMembersRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const memberParams =
    at === '' ? Message({ id: Id, principalId: Id }) : Message({ tenantId: Id, id: Id, principalId: Id });

  app.get(
    `${at}/groups/:id/members`,
    {
      config: { access: user({ permission: 'groups:read' }) },
      schema: {
        tags,
        operationId: `listGroupMembers${suffix}`,
        summary: 'Who is in a group',
        description: 'In the order in which they came to the tenant.',
        params: tenantAndIdParams(scope),
        querystring: Query,
        response: pageOf(GroupMember, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { id } = request.params;
      const now = deps.clock.now();
      return deps.doors.withTenant(entered, async (tx) => {
        if (!(await loadGroup(tx, id, now))) throw unknownGroup();
        return page({
          cursors: deps.cursors,
          list: ['group-members', entered.tenantId, id],
          query: request.query,
          load: (position, limit) => listMembers(tx, id, { after: position && String(position[0]), limit }),
          position: (row) => [row.principal_id],
          item: memberOf,
        });
      });
    },
  );

  app.post(
    `${at}/groups/:id/members`,
    {
      config: { access: user({ permission: 'roles:assign' }) },
      schema: {
        tags,
        operationId: `addGroupMember${suffix}`,
        summary: 'Add somebody to a group',
        description:
          'They hold its roles from their next request on. Nobody can give what they do not hold, for as long as the group holds it. Whoever is in it already stays in it, and the answer is 200.',
        params: tenantAndIdParams(scope),
        body: AddGroupMember,
        response: { 200: GroupMember, 201: GroupMember, ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { member, isNew } = await addMember(deps, callerWith(request), id, request.body.principalId);
      return reply.code(isNew ? 201 : 200).send(memberOf(member));
    },
  );

  app.delete(
    `${at}/groups/:id/members/:principalId`,
    {
      config: { access: user({ permission: 'roles:assign' }) },
      schema: {
        tags,
        operationId: `removeGroupMember${suffix}`,
        summary: 'Remove somebody from a group',
        description: 'They lose its roles at their next request. Nobody can take away what they do not hold.',
        params: memberParams,
        response: { 204: Type.Null({ description: 'Removed.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      const { id, principalId } = request.params;
      await removeMember(deps, callerWith(request), id, principalId);
      return reply.code(204).send(null);
    },
  );
  done();
};
