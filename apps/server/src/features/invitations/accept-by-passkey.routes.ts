import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  AcceptByPasskey,
  BeginByPasskey,
  FactorAdded,
  PasskeyCreationOptions,
  type SignInResponse,
} from '@gatehouse/contracts';
import { publicAccess } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import { answerSignIn, browserOf, checkOrigin } from '../auth/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { acceptByPasskey, beginByPasskey } from './accept-by-passkey.ts';

const tags = ['Invitations'];
const OF_BOTH = [
  'request.invalid',
  'auth.link_invalid',
  'auth.sso_required',
  'auth.origin_refused',
  'factors.passkeys_unavailable',
  'rate.limited',
] as const;

/** Accepting an invitation with a new account that is entered by a passkey (spec W12, W13). */
export const acceptByPasskeyRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/auth/invitation/passkey',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit: 'invitation' },
      schema: {
        tags,
        operationId: 'beginByPasskey',
        summary: 'Begin a new account with a passkey',
        description:
          'What `navigator.credentials.create` is called with, good for five minutes, for whoever holds the link. Spends nothing.',
        body: BeginByPasskey,
        response: { 200: PasskeyCreationOptions, ...problems(...OF_BOTH, 'auth.client_unknown') },
      },
    },
    async (request, reply) => {
      checkOrigin(request, deps.config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      reply.header('cache-control', 'no-store');
      return beginByPasskey(deps, request.body.token);
    },
  );

  app.post(
    '/auth/invitation/passkey/register',
    {
      config: {
        access: publicAccess('authenticates by the mailed link and a new passkey'),
        limit: 'passkey',
      },
      schema: {
        tags,
        operationId: 'acceptByPasskey',
        summary: 'Accept an invitation with a new account and a passkey',
        description:
          'Spends the link: the invited address enters a new account without a password, at home in the inviting tenant. Signs in like login, as with two factors, ' +
          'and answers with the backup codes: they are never shown again. Where the address enters an account already, nothing is made, and the link stays good.',
        body: AcceptByPasskey,
        response: {
          200: FactorAdded,
          ...problems(
            ...OF_BOTH,
            'auth.client_unknown',
            'auth.client_not_allowed',
            'auth.sign_in_refused',
            'factors.passkey_unusable',
            'users.email_in_use',
            'users.email_domain_refused',
            'tenants.user_limit_reached',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, deps.config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const browser = browserOf(request);
      const { outcome, backupCodes } = await acceptByPasskey(deps, request.body, browser, contextOf(request));
      const answer = answerSignIn(deps, browser, reply, outcome) as SignInResponse;
      return { ...answer, ...(backupCodes && { backup_codes: backupCodes }) };
    },
  );
  done();
};
