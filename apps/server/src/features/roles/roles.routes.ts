import { CreateRole, PageQuery, Role, UpdateRole } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { createRole } from './create-role.ts';
import { deleteRole } from './delete-role.ts';
import { unknownRoleId } from './refused-role.ts';
import { listRoles, loadRole, type RoleRow } from './roles.repo.ts';
import { updateRole } from './update-role.ts';

const tags = ['Roles'];
const Query = PageQuery();
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.csrf_refused', 'access.grant_exceeds_own'] as const;

const roleOf = (row: RoleRow): Role => ({
  id: row.id,
  name: row.name,
  title: row.title,
  description: row.description,
  group: row.role_group,
  system: row.tenant_id === null,
  permissions: row.permissions ?? [],
});

/** The roles that can be given in a tenant (spec R1, R2): the built-in ones, which never change, and the tenant's own. */
export const rolesRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/roles`,
    {
      config: { access: user({ permission: 'roles:read' }) },
      schema: {
        tags,
        operationId: `listRoles${suffix}`,
        summary: 'List roles',
        description:
          "The built-in roles and the tenant's own, with every permission that they hold. `PLATFORM_ADMIN` is listed in the root tenant only.",
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(Role, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['roles', entered.tenantId],
          query: request.query,
          load: (position, limit) => listRoles(tx, { after: position && String(position[0]), limit }),
          position: (row) => [row.id],
          item: roleOf,
        }),
      );
    },
  );

  app.get(
    `${at}/roles/:id`,
    {
      config: { access: user({ permission: 'roles:read' }) },
      schema: {
        tags,
        operationId: `getRole${suffix}`,
        summary: 'One role',
        description: 'The role with every permission that it holds.',
        params: tenantAndIdParams(scope),
        response: {
          200: Role,
          ...problems(...ofReading),
        },
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const row = await deps.doors.withTenant(entered, (tx) => loadRole(tx, request.params.id));
      if (!row) throw unknownRoleId();
      return roleOf(row);
    },
  );

  app.post(
    `${at}/roles`,
    {
      config: { access: user({ permission: 'roles:create' }) },
      schema: {
        tags,
        operationId: `createRole${suffix}`,
        summary: 'Make a role',
        description:
          "A role of the tenant's own. Nobody puts into a role what they do not hold themselves, for good. Its name stands for it in tokens and never changes.",
        params: tenantParams(scope),
        body: CreateRole,
        response: {
          201: Role,
          ...problems(...ofChanging, 'roles.name_in_use', 'roles.permission_unknown'),
        },
      },
    },
    async (request, reply) =>
      reply.code(201).send(roleOf(await createRole(deps, callerWith(request), request.body))),
  );

  app.patch(
    `${at}/roles/:id`,
    {
      config: { access: user({ permission: 'roles:update' }) },
      schema: {
        tags,
        operationId: `updateRole${suffix}`,
        summary: 'Change a role',
        description:
          "A role of the tenant's own: what is not named stays, and `permissions` replaces all of them. What the role gains or loses has to be held by whoever changes it. It counts at the next request of everybody who has the role.",
        params: tenantAndIdParams(scope),
        body: UpdateRole,
        response: { 200: Role, ...problems(...ofChanging, 'roles.permission_unknown', 'roles.built_in') },
      },
    },
    (request) => updateRole(deps, callerWith(request), request.params.id, request.body).then(roleOf),
  );

  app.delete(
    `${at}/roles/:id`,
    {
      config: { access: user({ permission: 'roles:delete' }) },
      schema: {
        tags,
        operationId: `deleteRole${suffix}`,
        summary: 'Delete a role',
        description:
          "A role of the tenant's own that nobody has: no member, group or open invitation, and no mapping of an identity provider. Else 409 `roles.in_use`. Assignments that have expired go with it.",
        params: tenantAndIdParams(scope),
        response: {
          204: Type.Null({ description: 'Deleted.' }),
          ...problems(...ofChanging, 'roles.built_in', 'roles.in_use'),
        },
      },
    },
    async (request, reply) => {
      await deleteRole(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
