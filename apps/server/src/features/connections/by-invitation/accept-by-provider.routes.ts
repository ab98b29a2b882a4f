import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { AcceptByProvider, BegunAtProvider } from '@gatehouse/contracts';
import { publicAccess } from '../../../platform/access/index.ts';
import { problems } from '../../../platform/http/index.ts';
import { checkOrigin } from '../../auth/index.ts';
import type { Deps } from '../../deps.ts';
import { setSignInCookie } from '../sign-in-cookie.ts';
import { beginByInvitation } from './begin-by-invitation.ts';

/** Taking an invitation to an identity provider (spec W12); one comes back as from every sign-in. */
export const acceptByProviderRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/auth/invitation/provider',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit: 'invitation' },
      schema: {
        tags: ['Invitations'],
        operationId: 'acceptByProvider',
        summary: 'Accept an invitation by an identity provider',
        description:
          'Spends nothing yet. This browser, which keeps the cookie of the answer, goes to `authorizationUrl`. Whoever has no account comes back as a user of the ' +
          'inviting tenant, if the provider vouches for the invited address; whoever has one is signed in, comes back to `/invitation` and accepts with it.',
        body: AcceptByProvider,
        response: {
          200: BegunAtProvider,
          ...problems(
            'request.invalid',
            'auth.link_invalid',
            'auth.sso_required',
            'auth.connection_disabled',
            'auth.provider_failed',
            'auth.client_unknown',
            'auth.origin_refused',
            'resource.not_found',
            'rate.limited',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, deps.config);
      const cookie = setSignInCookie(request, reply);
      reply.header('cache-control', 'no-store');
      const url = await beginByInvitation(deps, { ...request.body, cookie });
      return { authorizationUrl: url.href };
    },
  );
  done();
};
