import { PageQuery, Role } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { listRoles, loadRole, type RoleRow } from './roles.repo.ts';

const tags = ['Roles'];
const Query = PageQuery();

const roleOf = (row: RoleRow): Role => ({
  id: row.id,
  name: row.name,
  title: row.title,
  description: row.description,
  group: row.role_group,
  system: row.tenant_id === null,
  permissions: row.permissions ?? [],
});

/** The roles that can be given in a tenant (spec R1). Built-in ones are immutable; there is no route that changes one. */
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
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const row = await deps.doors.withTenant(entered, (tx) => loadRole(tx, request.params.id));
      if (!row) throw new Problem('resource.not_found', { detail: 'There is no such role in this tenant.' });
      return roleOf(row);
    },
  );
  done();
};
