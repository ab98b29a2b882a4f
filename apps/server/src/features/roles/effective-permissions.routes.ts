import { EffectivePermissions } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { callerOf, enterOwn, personOf, user } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { listEffective } from './effective.repo.ts';

const tags = ['Roles'];

/** What somebody may do, and by what they may (spec R2). */
export const effectivePermissionsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/principals/:id/permissions`,
    {
      config: { access: user({ permission: 'roles:read' }) },
      schema: {
        tags,
        operationId: `listPermissionsOfPrincipal${suffix}`,
        summary: 'What somebody may do, and why',
        description:
          'Each permission with the roles that it is held by, and the group that brings the role, where one does. Of a member (by the id of the membership), a service or a group. What belongs to a feature that the tenant does not have opens nothing, whatever stands here.',
        params: tenantAndIdParams(scope),
        response: {
          200: EffectivePermissions,
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request) => {
      const permissions = await deps.doors.withTenant(callerOf(request).entered, (tx) =>
        listEffective(tx, request.params.id, deps.clock.now()),
      );
      if (!permissions)
        throw new Problem('resource.not_found', { detail: 'There is no such principal in this tenant.' });
      return { permissions };
    },
  );
  done();
};

/** The same of oneself, for whoever is signed in. */
export const ownPermissionsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/auth/me/permissions',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listOwnPermissions',
        summary: 'What you may do, and why',
        description: 'In the tenant that the session works in.',
        response: { 200: EffectivePermissions, ...problems('auth.unauthenticated') },
      },
    },
    async (request) => {
      const { principal } = personOf(request);
      const permissions = await deps.doors.withTenant(enterOwn(principal), (tx) =>
        listEffective(tx, principal.principalId, deps.clock.now()),
      );
      return { permissions: permissions ?? [] };
    },
  );
  done();
};
