import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  BegunAtProvider,
  Id,
  LinkableConnection,
  LinkIdentity,
  Message,
  OwnIdentity,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { RECENT, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { beginLink } from './link-own-identity.ts';
import { listLinkable, listOwnIdentities, unlinkIdentity } from './own-identities.ts';
import { setSignInCookie } from './sign-in-cookie.ts';

const tags = ['Sign-in'];

/** The providers' accounts of whoever is signed in (spec W8, U2). */
export const ownIdentitiesRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/auth/identities',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listOwnIdentities',
        summary: 'Which providers’ accounts enter mine',
        description: 'In the order in which they were linked. What the provider calls one is not shown.',
        response: { 200: Message({ items: Type.Array(OwnIdentity) }), ...problems('auth.unauthenticated') },
      },
    },
    async (request) => ({ items: await listOwnIdentities(deps, request.principal as SignedInPrincipal) }),
  );

  app.get(
    '/auth/identities/available',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listLinkableConnections',
        summary: 'Which providers’ accounts can enter mine besides',
        description:
          'Connections in service, of one’s home organisation and of the platform, that are not linked yet.',
        response: {
          200: Message({ items: Type.Array(LinkableConnection) }),
          ...problems('auth.unauthenticated'),
        },
      },
    },
    async (request) => ({ items: await listLinkable(deps, request.principal as SignedInPrincipal) }),
  );

  app.post(
    '/auth/identities',
    {
      config: { access: user({ stepUp: RECENT }), limit: 'connection' },
      schema: {
        tags,
        operationId: 'linkIdentity',
        summary: 'Have a provider’s account enter mine',
        description:
          'Begins it. This browser, which keeps the cookie of the answer, goes to `authorizationUrl`, and comes back to the account page with ' +
          '`linked` or `not-linked`, which is the code of a problem, in the fragment. It is linked to whoever asked, as long as their ' +
          'session stands in that browser; no session is opened. The caller must have proved within ten minutes who they are.',
        body: LinkIdentity,
        response: {
          200: BegunAtProvider,
          ...problems(
            'request.invalid',
            'rate.limited',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'auth.insufficient_user_authentication',
            'auth.client_unknown',
            'auth.connection_disabled',
            'auth.provider_failed',
            'auth.sso_required',
            'resource.not_found',
          ),
        },
      },
    },
    async (request, reply) => {
      const { connectionId } = request.body;
      const cookie = setSignInCookie(request, reply);
      const url = await beginLink(deps, request.principal as SignedInPrincipal, { connectionId, cookie });
      return { authorizationUrl: url.href };
    },
  );

  app.delete(
    '/auth/identities/:id',
    {
      config: { access: user({ stepUp: RECENT }) },
      schema: {
        tags,
        operationId: 'unlinkIdentity',
        summary: 'Take a provider’s account off mine',
        description:
          'It signs in here no more, and the other sessions that its provider opened end. The last way in that works stays. The caller must ' +
          'have proved within ten minutes who they are.',
        params: Message({ id: Id }),
        response: {
          204: Type.Null({ description: 'Taken off.' }),
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'auth.insufficient_user_authentication',
            'resource.not_found',
            'users.last_way_in',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await unlinkIdentity(deps, request.principal as SignedInPrincipal, id, contextOf(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
