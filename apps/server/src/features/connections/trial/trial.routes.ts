import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { BegunAtProvider, ConnectionTrial, type ErrorCode, ReadTrial } from '@gatehouse/contracts';
import { RECENT, user } from '../../../platform/access/index.ts';
import { problems } from '../../../platform/http/index.ts';
import { personWith } from '../../denied.ts';
import { type TenantScoped, tenantAndIdParams } from '../../tenant-scoped.ts';
import { setSignInCookie } from '../sign-in-cookie.ts';
import { beginTrial } from './begin-trial.ts';
import { readTrial } from './keep-trial.ts';

const tags = ['Connections'];
const common = [
  'request.invalid',
  'auth.unauthenticated',
  'auth.origin_refused',
  'auth.csrf_refused',
  'access.denied',
  'resource.not_found',
] satisfies ErrorCode[];

/** Trying a connection before it is in service (spec W9). */
export const trialRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.post(
    `${at}/connections/:id/try`,
    {
      config: { access: user({ permission: 'connections:update', stepUp: RECENT }), limit: 'connection' },
      schema: {
        tags,
        operationId: `tryConnection${suffix}`,
        summary: 'Try an identity provider',
        description:
          'Begins a sign-in that signs nobody in, links nobody and makes nobody, also by a provider that is not in service. This browser, which keeps the cookie ' +
          'of the answer, goes to `authorizationUrl`, and comes back to `/connections/{id}/trial` with the token of the result in the fragment.',
        params: tenantAndIdParams(scope),
        response: {
          200: BegunAtProvider,
          ...problems(
            ...common,
            'rate.limited',
            'auth.insufficient_user_authentication',
            'connections.built_in',
            'connections.incomplete',
            'connections.provider_unreachable',
            'auth.provider_failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const cookie = setSignInCookie(request, reply);
      const url = await beginTrial(deps, personWith(request), { connectionId: request.params.id, cookie });
      return { authorizationUrl: url.href };
    },
  );

  app.post(
    `${at}/connections/:id/trial`,
    {
      config: { access: user({ permission: 'connections:update', person: true }) },
      schema: {
        tags,
        operationId: `readConnectionTrial${suffix}`,
        summary: 'What came of trying an identity provider',
        description: 'For ten minutes, and for the session that began it alone.',
        params: tenantAndIdParams(scope),
        body: ReadTrial,
        response: { 200: ConnectionTrial, ...problems(...common) },
      },
    },
    (request) =>
      readTrial(deps, personWith(request), {
        connectionId: request.params.id,
        token: request.body.token,
      }),
  );
  done();
};
