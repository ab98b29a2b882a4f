import { OwnTenant, PageQuery, PLAIN_TEXT, SignInResponse, SwitchTenantRequest } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { personOf, user } from '../../platform/access/index.ts';
import { contextOf, page, pageOf, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { listOwnTenants } from './own-tenants.repo.ts';
import { answerSignedIn } from './signed-in-answer.ts';
import { switchTenant } from './switch-tenant.ts';

const tags = ['Sign-in'];
const Query = PageQuery({
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: PLAIN_TEXT,
      description: 'Part of a name.',
      examples: ['acme'],
    }),
  ),
});

/** The tenants that one belongs to, and going from one to another (spec T4). */
export const ownTenantsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/auth/tenants',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listMyTenants',
        summary: 'My tenants',
        description: 'The home tenant and those that the caller is a member of as a guest, by name.',
        querystring: Query,
        response: pageOf(OwnTenant),
      },
    },
    (request) => {
      const { principal } = personOf(request);
      const { homeTenantId, userId, tenantId } = principal;
      const { search } = request.query;
      return page({
        cursors: deps.cursors,
        list: ['own tenants', homeTenantId, userId, search ?? ''],
        query: request.query,
        load: (position, limit) =>
          listOwnTenants(deps.doors, {
            homeTenantId,
            userId,
            search,
            after: position && { name: String(position[0]), id: String(position[1]) },
            limit,
          }),
        position: (row) => [row.name_key, row.id],
        item: (row): OwnTenant => ({
          id: row.id,
          name: row.name,
          type: row.type,
          status: row.status,
          home: row.id === homeTenantId,
          current: row.id === tenantId,
          memberSince: row.member_since.toISOString(),
        }),
      });
    },
  );

  app.post(
    '/auth/switch-tenant',
    {
      config: { access: user(), limit: 'switch-tenant' },
      schema: {
        tags,
        operationId: 'switchTenant',
        summary: 'Work in another tenant of mine',
        description:
          'The session goes on in a tenant that the caller belongs to, under a new id and with new tokens, like login; `tenant_id` and `roles` in them are ' +
          'those of that tenant. The tokens before end. Sign-in time and end of the session stay as they are: the home tenant’s rules govern them. A tenant that the caller is not an ' +
          'active member of, or that is suspended, is not there. Not for clients that a tenant registered for itself.',
        body: SwitchTenantRequest,
        response: {
          200: SignInResponse,
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.session_expired',
            'auth.insufficient_user_authentication',
            'auth.origin_refused',
            'auth.csrf_refused',
            'auth.client_not_allowed',
            'resource.not_found',
            'rate.limited',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      const opened = await switchTenant(deps, principal, request.body.tenantId, contextOf(request));
      return answerSignedIn(deps, reply, opened);
    },
  );
  done();
};
