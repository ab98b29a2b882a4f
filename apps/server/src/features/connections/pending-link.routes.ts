import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { NamedLink, PendingIdentityLink } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { declineLink, linkAfterSignIn, showPendingLink } from './link-after-sign-in.ts';
import { readSignInCookie } from './sign-in-cookie.ts';

const tags = ['Sign-in'];
const access = { access: user(), limit: 'connection' } as const;
const refused = problems(
  'request.invalid',
  'rate.limited',
  'auth.unauthenticated',
  'auth.csrf_refused',
  'auth.link_invalid',
  'resource.not_found',
);

/** For whoever was told `auth.link_required`, and then signed in as before in the same browser (spec W8). */
export const pendingLinkRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/auth/link/open',
    {
      config: access,
      schema: {
        tags,
        operationId: 'showPendingLink',
        summary: 'What waits to be linked',
        description:
          'The provider’s account that one came with before one signed in, for a page that asks whether it shall enter this user. ' +
          'It is shown to that user alone, in the browser that came from the provider. Nothing changes.',
        body: NamedLink,
        response: { 200: PendingIdentityLink, ...refused },
      },
    },
    (request) =>
      showPendingLink(deps, request.principal as SignedInPrincipal, {
        token: request.body.token,
        cookie: readSignInCookie(request),
      }),
  );

  app.post(
    '/auth/link',
    {
      config: access,
      schema: {
        tags,
        operationId: 'linkAfterSignIn',
        summary: 'Link the provider’s account that one came with',
        description:
          'From now on the provider’s account enters this user. Ask the person before, by what `/auth/link/open` says: a stranger can ' +
          'have a browser come with an account of theirs.',
        body: NamedLink,
        response: { 204: Type.Null({ description: 'Linked.' }), ...refused },
      },
    },
    async (request, reply) => {
      const named = { token: request.body.token, cookie: readSignInCookie(request) };
      await linkAfterSignIn(deps, request.principal as SignedInPrincipal, named, contextOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/link/decline',
    {
      config: access,
      schema: {
        tags,
        operationId: 'declineLink',
        summary: 'Do not link it',
        description:
          'The link that waits is forgotten. The provider’s account enters this user no more than before.',
        body: NamedLink,
        response: { 204: Type.Null({ description: 'Forgotten.' }), ...refused },
      },
    },
    async (request, reply) => {
      const named = { token: request.body.token, cookie: readSignInCookie(request) };
      await declineLink(deps, request.principal as SignedInPrincipal, named, contextOf(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
