import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { AcceptedInvitation, InvitationLink, LinkRequest, RegisterByInvitation } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { publicAccess, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import { checkOrigin, type SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { acceptInvitation } from './accept-invitation.ts';
import { registerByInvitation } from './register-by-invitation.ts';
import { showInvitation } from './show-invitation.ts';

const tags = ['Invitations'];
const limit = 'invitation';

/** What the holder of an invitation's link does with it (spec T4, W12). */
export const invitationLinksRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/auth/invitation/open',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit },
      schema: {
        tags,
        operationId: 'openInvitation',
        summary: 'Look at an invitation',
        description: 'Who invites, which address, and how it can be accepted. Spends nothing.',
        body: LinkRequest,
        response: {
          200: InvitationLink,
          ...problems('request.invalid', 'auth.link_invalid', 'auth.origin_refused', 'rate.limited'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, deps.config);
      const { token } = request.body;
      reply.header('cache-control', 'no-store');
      return showInvitation(deps, token);
    },
  );

  app.post(
    '/auth/invitation/accept',
    {
      config: { access: user(), limit },
      schema: {
        tags,
        operationId: 'acceptInvitation',
        summary: 'Accept an invitation with my account',
        description:
          'Spends the link: the caller becomes a member of the tenant, with the roles that came with the invitation. Only for the account of the invited ' +
          'address, once that is confirmed. Then go there with `POST /api/v1/auth/switch-tenant`.',
        body: LinkRequest,
        response: {
          200: AcceptedInvitation,
          ...problems(
            'request.invalid',
            'auth.link_invalid',
            'auth.unauthenticated',
            'auth.session_expired',
            'auth.csrf_refused',
            'invitations.other_address',
            'users.email_unverified',
            'memberships.exists',
            'tenants.user_limit_reached',
            'rate.limited',
          ),
        },
      },
    },
    (request) =>
      acceptInvitation(deps, request.principal as SignedInPrincipal, request.body.token, contextOf(request)),
  );

  app.post(
    '/auth/invitation/register',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit: 'password' },
      schema: {
        tags,
        operationId: 'registerByInvitation',
        summary: 'Accept an invitation with a new account',
        description:
          'Spends the link: the invited address enters a new account of this name and password, at home in the inviting tenant. Sign in afterwards. Where ' +
          'the address enters an account already, nothing is made, and the link stays good: accept it with that account.',
        body: RegisterByInvitation,
        response: {
          204: Type.Null({ description: 'Done.' }),
          ...problems(
            'request.invalid',
            'auth.link_invalid',
            'users.email_in_use',
            'users.email_domain_refused',
            'tenants.user_limit_reached',
            'password.too_weak',
            'password.too_long',
            'password.too_common',
            'password.too_personal',
            'password.breached',
            'auth.sso_required',
            'auth.origin_refused',
            'rate.limited',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, deps.config);
      await registerByInvitation(deps, request.body, contextOf(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
