import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Id, Message } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { leaveTenant } from './leave-tenant.ts';

/** A guest's own way out (spec T4). */
export const leaveTenantRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.delete(
    '/auth/tenants/:id',
    {
      config: { access: user() },
      schema: {
        tags: ['Memberships'],
        operationId: 'leaveTenant',
        summary: 'Leave a tenant',
        description:
          'Ends the caller’s membership as a guest with its roles, and the sessions with which the caller works there, the present one too: go to another ' +
          'tenant first to stay signed in. Not for the home tenant, nor for the last administrator. A tenant that the caller is not an active member of, or ' +
          'that is suspended, is not there.',
        params: Message({ id: Id }),
        response: {
          204: Type.Null({ description: 'Left.' }),
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'resource.not_found',
            'memberships.home_fixed',
            'users.last_administrator',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      await leaveTenant(deps, principal, request.params.id, contextOf(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
