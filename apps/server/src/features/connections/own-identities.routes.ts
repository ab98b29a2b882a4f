import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Id, Message, OwnIdentity } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { RECENT, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { listOwnIdentities, unlinkIdentity } from './own-identities.ts';

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
