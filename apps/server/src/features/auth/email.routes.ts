import { ChangeEmailRequest, ConfirmEmailRequest, LinkRequest, Nothing } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { publicAccess, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { changeEmail } from './change-email.ts';
import { confirmEmail, verifyEmail } from './confirm-email.ts';
import { checkOrigin } from './cross-site.ts';
import { NoContent, OF_PAGE, OF_PRESENT_PASSWORD, OF_SESSION } from './route-shapes.ts';
import { sendVerification } from './send-verification.ts';

const tags = ['Addresses'];

/** The address that somebody signs in with: proving it, and changing it (spec W11). */
export const emailRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const { config } = deps;

  app.post(
    '/auth/email/send-verification',
    {
      config: { access: user(), limit: 'email' },
      schema: {
        tags,
        operationId: 'sendVerification',
        summary: 'Mail me a link that proves my address',
        description:
          'For an address that was never proved by a mailed link, as the first administrator’s. The link is good once, for 24 hours; a new one ends those before.',
        response: {
          202: Nothing,
          ...problems(...OF_SESSION, 'users.email_verified'),
        },
      },
    },
    async (request, reply) => {
      await sendVerification(deps, request.principal as SignedInPrincipal, contextOf(request));
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/email/verify',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit: 'email' },
      schema: {
        tags,
        operationId: 'verifyEmail',
        summary: 'Prove an address by a mailed link',
        description:
          'Spends the link. It proves the address that it was mailed to, while the account has it.',
        body: LinkRequest,
        response: {
          204: NoContent,
          ...problems(...OF_PAGE, 'auth.link_invalid'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      await verifyEmail(deps, request.body.token, contextOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/email/change',
    {
      config: { access: user(), limit: 'email' },
      schema: {
        tags,
        operationId: 'changeEmail',
        summary: 'Ask to sign in with another address',
        description:
          'Needs the password. Mails a link to the new address, good once, for 24 hours, and a notice to the present one; nothing changes before the link is ' +
          'confirmed. The answer is the same for an address that signs in to somebody else’s account: only its mailbox is told.',
        body: ChangeEmailRequest,
        response: {
          202: Nothing,
          ...problems(
            'request.invalid',
            ...OF_PRESENT_PASSWORD,
            ...OF_SESSION,
            'users.email_unchanged',
            'users.email_domain_refused',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      await changeEmail(deps, request.principal as SignedInPrincipal, request.body, contextOf(request));
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/email/confirm',
    {
      config: { access: publicAccess('authenticates by the mailed link and the password'), limit: 'email' },
      schema: {
        tags,
        operationId: 'confirmEmail',
        summary: 'Confirm a new address by a mailed link',
        description:
          'Spends the link that the change of address mailed; a wrong password does not. From then on the account is entered by the new address; both addresses are told, and links that ' +
          'were mailed to the former one open nothing. Sessions go on.',
        body: ConfirmEmailRequest,
        response: {
          204: NoContent,
          ...problems(
            ...OF_PAGE,
            ...OF_PRESENT_PASSWORD,
            'auth.link_invalid',
            'users.email_in_use',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      await confirmEmail(deps, request.body, contextOf(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
