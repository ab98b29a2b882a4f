import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { CreateGroup, Group, Id, PageQuery, UpdateGroup } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { createGroup, deleteGroup, updateGroup } from './change-group.ts';
import { type GroupRow, listGroups, loadGroup } from './groups.repo.ts';
import { unknownGroup } from './refused.ts';

const tags = ['Groups'];
const Query = PageQuery({ principalId: Type.Optional(Id) });
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.csrf_refused'] as const;

const groupOf = (row: GroupRow): Group => ({
  id: row.id,
  tenantId: row.tenant_id,
  name: row.name,
  description: row.description,
  roles: row.roles,
  members: row.members,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

/** Groups of a tenant (spec R2). What roles a group has is decided like everybody's: `POST /role-assignments` with its id. */
export const groupsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/groups`,
    {
      config: { access: user({ permission: 'groups:read' }) },
      schema: {
        tags,
        operationId: `listGroups${suffix}`,
        summary: 'List groups',
        description: 'By name; those that somebody is in with `principalId`.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(Group, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { principalId } = request.query;
      const now = deps.clock.now();
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['groups', entered.tenantId, principalId],
          query: request.query,
          load: (position, limit) => {
            const after = position && { name: String(position[0]), id: String(position[1]) };
            return listGroups(tx, { principalId, after, limit, now });
          },
          position: (row) => [row.name_key, row.id],
          item: groupOf,
        }),
      );
    },
  );

  app.post(
    `${at}/groups`,
    {
      config: { access: user({ permission: 'groups:create' }) },
      schema: {
        tags,
        operationId: `createGroup${suffix}`,
        summary: 'Make a group',
        description: 'Without members and without roles.',
        params: tenantParams(scope),
        body: CreateGroup,
        response: { 201: Group, ...problems(...ofChanging, 'groups.name_in_use') },
      },
    },
    async (request, reply) =>
      reply.code(201).send(groupOf(await createGroup(deps, callerWith(request), request.body))),
  );

  app.get(
    `${at}/groups/:id`,
    {
      config: { access: user({ permission: 'groups:read' }) },
      schema: {
        tags,
        operationId: `getGroup${suffix}`,
        summary: 'One group',
        description: 'With the roles that its members hold through it.',
        params: tenantAndIdParams(scope),
        response: { 200: Group, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const now = deps.clock.now();
      const row = await deps.doors.withTenant(callerOf(request).entered, (tx) =>
        loadGroup(tx, request.params.id, now),
      );
      if (!row) throw unknownGroup();
      return groupOf(row);
    },
  );

  app.patch(
    `${at}/groups/:id`,
    {
      config: { access: user({ permission: 'groups:update' }) },
      schema: {
        tags,
        operationId: `updateGroup${suffix}`,
        summary: 'Rename a group',
        description: 'Its name and its description. What is not named stays.',
        params: tenantAndIdParams(scope),
        body: UpdateGroup,
        response: { 200: Group, ...problems(...ofChanging, 'groups.name_in_use') },
      },
    },
    (request) => updateGroup(deps, callerWith(request), request.params.id, request.body).then(groupOf),
  );

  app.delete(
    `${at}/groups/:id`,
    {
      config: { access: user({ permission: 'groups:delete' }) },
      schema: {
        tags,
        operationId: `deleteGroup${suffix}`,
        summary: 'Delete a group',
        description:
          'Its members lose what they held through it, at their next request. Nobody takes away what they do not hold.',
        params: tenantAndIdParams(scope),
        response: {
          204: Type.Null({ description: 'Deleted.' }),
          ...problems(...ofChanging, 'access.grant_exceeds_own'),
        },
      },
    },
    async (request, reply) => {
      await deleteGroup(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
