import {
  ClientOnlyRequest,
  EnrolMfaRequest,
  EnrolPasskeyRequest,
  FactorAdded,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
  PasskeySignInRequest,
  SignInAnswer,
  type SignInResponse,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { publicAccess } from '../../../platform/access/index.ts';
import { contextOf, problems } from '../../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { setPasskeyCookie } from '../cookies.ts';
import { checkOrigin } from '../cross-site.ts';
import { OF_PAGE, OF_PENDING } from '../route-shapes.ts';
import { beginPasskeyEnrolment, completeEnrolment } from '../second-factor/enrol-at-sign-in.ts';
import { pendingOf } from '../second-factor/pending-of-request.ts';
import { answerSignIn } from '../signed-in-answer.ts';
import { browserOf } from '../signing-browser.ts';
import { confirmPasskey } from './add-passkey.ts';
import { askForPasskey } from './ask-for-passkey.ts';
import { beginPasskeySignIn, signInByPasskey } from './passkey-sign-in.ts';

const tags = ['Sign-in'];

/** Passkeys before anybody is signed in: alone, beside a first factor, and enrolled where a tenant demands it (spec W5, W13). */
export const passkeySignInRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const { config } = deps;

  app.post(
    '/auth/passkey/options',
    {
      config: { access: publicAccess('asks for a passkey before anybody is known'), limit: 'passkey' },
      schema: {
        tags,
        operationId: 'beginPasskeySignIn',
        summary: 'Ask for a passkey',
        description:
          'What `navigator.credentials.get` is called with, by a button or with `mediation: conditional` while the page is filled in. The challenge is good ' +
          'once, for five minutes, in this browser. It names no account.',
        body: ClientOnlyRequest,
        response: {
          200: PasskeyRequestOptions,
          ...problems(...OF_PAGE, 'auth.client_unknown', 'auth.sso_required', 'factors.passkeys_unavailable'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const { options, cookie } = await beginPasskeySignIn(deps, browserOf(request));
      if (cookie !== undefined) setPasskeyCookie(reply, cookie);
      reply.header('cache-control', 'no-store');
      return options;
    },
  );

  app.post(
    '/auth/passkey/login',
    {
      config: { access: publicAccess('authenticates by a passkey'), limit: 'login' },
      schema: {
        tags,
        operationId: 'signInByPasskey',
        summary: 'Sign in by a passkey',
        description:
          'With what the passkey answered. It verified its user, and so no second factor is asked for. Answers like login. A passkey that nobody has here, a ' +
          'wrong answer, and an account that is suspended are answered alike.',
        body: PasskeySignInRequest,
        response: {
          200: SignInAnswer,
          ...problems(
            ...OF_PAGE,
            'auth.client_unknown',
            'auth.sso_required',
            'auth.sign_in_expired',
            'auth.passkey_failed',
            'auth.invalid_credentials',
            'auth.client_not_allowed',
            'auth.sign_in_refused',
            'factors.passkeys_unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { passkey, client } = request.body;
      checkOrigin(request, config, await deps.clients.get(client ?? CONSOLE_CLIENT));
      const browser = browserOf(request);
      const outcome = await signInByPasskey(deps, { passkey, client, browser }, contextOf(request));
      return answerSignIn(deps, browser, reply, outcome);
    },
  );

  app.post(
    '/auth/mfa/passkey/options',
    {
      config: { access: publicAccess('authenticates by the session token'), limit: 'passkey' },
      schema: {
        tags,
        operationId: 'askForPasskey',
        summary: 'Ask for a passkey as second factor',
        description:
          'With the session token that login answered. What the passkey says goes to `/auth/mfa/verify`, with the same session token.',
        body: EnrolMfaRequest,
        response: {
          200: PasskeyRequestOptions,
          ...problems(...OF_PENDING, 'resource.not_found', 'factors.passkeys_unavailable'),
        },
      },
    },
    async (request, reply) => {
      const pending = await pendingOf(deps, request, 'second-factor', request.body);
      reply.header('cache-control', 'no-store');
      return askForPasskey(deps, pending, { at: 'sign-in', by: pending.sessionToken });
    },
  );

  app.post(
    '/auth/mfa/enrol/passkey',
    {
      config: { access: publicAccess('authenticates by the session token'), limit: 'passkey' },
      schema: {
        tags,
        operationId: 'beginPasskeyEnrolment',
        summary: 'Begin to enrol a passkey where the tenant demands a factor',
        description:
          'With the session token that login answered as `mfa_enrolment_required`: what `navigator.credentials.create` is called with.',
        body: EnrolMfaRequest,
        response: {
          200: PasskeyCreationOptions,
          ...problems(...OF_PENDING, 'factors.passkeys_unavailable'),
        },
      },
    },
    async (request, reply) => {
      const pending = await pendingOf(deps, request, 'enrolment', request.body);
      reply.header('cache-control', 'no-store');
      return beginPasskeyEnrolment(deps, pending);
    },
  );

  app.post(
    '/auth/mfa/enrol/passkey/confirm',
    {
      config: {
        access: publicAccess('authenticates by the session token and a new passkey'),
        limit: 'passkey',
      },
      schema: {
        tags,
        operationId: 'completePasskeyEnrolment',
        summary: 'Complete the enrolment and the sign-in by a passkey',
        description: 'Adds it, answers like login, and with the backup codes: they are never shown again.',
        body: EnrolPasskeyRequest,
        response: {
          200: FactorAdded,
          ...problems(
            ...OF_PENDING,
            'auth.link_invalid',
            'auth.sign_in_refused',
            'auth.sso_required',
            'auth.invalid_credentials',
            'factors.passkey_unusable',
            'factors.passkeys_unavailable',
            'factors.too_many',
          ),
        },
      },
    },
    async (request, reply) => {
      const { passkey, label } = request.body;
      const pending = await pendingOf(deps, request, 'enrolment', request.body);
      const context = contextOf(request);
      const made = { passkey, ...(label !== undefined && { label }) };
      const { opened, backupCodes, provedFactor } = await completeEnrolment(
        deps,
        pending,
        (owner) => confirmPasskey(deps, owner, made, pending.sessionToken, context),
        context,
      );
      const answer = answerSignIn(deps, pending.browser, reply, { next: 'session', opened, provedFactor });
      return { ...(answer as SignInResponse), ...(backupCodes && { backup_codes: backupCodes }) };
    },
  );
  done();
};
