import {
  ConfirmMfaEnrolmentRequest,
  EnrolMfaRequest,
  FactorAdded,
  NewTotp,
  SignInResponse,
  VerifyMfaRequest,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { publicAccess } from '../../../platform/access/index.ts';
import { contextOf, problems } from '../../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { checkOrigin } from '../cross-site.ts';
import { OF_PAGE } from '../route-shapes.ts';
import { answerSignIn } from '../signed-in-answer.ts';
import { browserOf } from '../signing-browser.ts';
import { beginEnrolment, completeEnrolment } from './enrol-at-sign-in.ts';
import { getPending, type PendingSignIn, type Waiting } from './pending-sign-in.ts';
import { verifySignIn } from './verify-sign-in.ts';

const tags = ['Sign-in'];
const OF_PENDING = [...OF_PAGE, 'auth.mfa_session_invalid', 'auth.client_unknown'] as const;

/** The second half of a sign-in, by the session token that the first half was answered with (spec W5, W6). */
export const mfaRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  /** SECURITY: by the client that the page names, and again by the one that signed in: the token says which. */
  async function pendingOf(
    request: FastifyRequest,
    waiting: Waiting,
    body: { session_token: string; client?: string },
  ): Promise<PendingSignIn> {
    checkOrigin(request, deps.config, await deps.clients.get(body.client ?? CONSOLE_CLIENT));
    const of = { browser: browserOf(request), clientId: body.client };
    const pending = await getPending(deps, waiting, body.session_token, of);
    checkOrigin(request, deps.config, pending.client);
    return pending;
  }

  app.post(
    '/auth/mfa/verify',
    {
      config: {
        access: publicAccess('authenticates by the session token and a second factor'),
        limit: 'mfa',
      },
      schema: {
        tags,
        operationId: 'verifyMfa',
        summary: 'Complete a sign-in by a second factor',
        description:
          'With the session token that login answered and one proof: `totp_code` or `backup_code`. From the browser or program that signed in, within five ' +
          'minutes, once. Answers like login. Five wrong ones lock the second factor of the account for thirty minutes, in whichever sign-ins they were tried.',
        body: VerifyMfaRequest,
        response: {
          200: SignInResponse,
          ...problems(
            ...OF_PENDING,
            'auth.mfa_failed',
            'auth.account_locked',
            'auth.sign_in_refused',
            'auth.sso_required',
            'auth.invalid_credentials',
          ),
        },
      },
    },
    async (request, reply) => {
      const pending = await pendingOf(request, 'second-factor', request.body);
      const outcome = await verifySignIn(deps, pending, request.body, contextOf(request));
      return answerSignIn(deps, pending.browser, reply, outcome) as SignInResponse;
    },
  );

  app.post(
    '/auth/mfa/enrol',
    {
      config: { access: publicAccess('authenticates by the session token'), limit: 'mfa' },
      schema: {
        tags,
        operationId: 'beginMfaEnrolment',
        summary: 'Begin to enrol where the tenant demands it',
        description:
          'With the session token that login answered as `mfa_enrolment_required`: a new secret for an authenticator app. Nothing else can be done with the token.',
        body: EnrolMfaRequest,
        response: { 200: NewTotp, ...problems(...OF_PENDING) },
      },
    },
    async (request, reply) => {
      const pending = await pendingOf(request, 'enrolment', request.body);
      reply.header('cache-control', 'no-store');
      return beginEnrolment(deps, pending);
    },
  );

  app.post(
    '/auth/mfa/enrol/confirm',
    {
      config: {
        access: publicAccess('authenticates by the session token and a code of the new secret'),
        limit: 'mfa',
      },
      schema: {
        tags,
        operationId: 'completeMfaEnrolment',
        summary: 'Complete the enrolment and the sign-in',
        description:
          'With a first code of the new secret. Adds it as a second factor, answers like login, and with the backup codes: they are never shown again.',
        body: ConfirmMfaEnrolmentRequest,
        response: {
          200: FactorAdded,
          ...problems(
            ...OF_PENDING,
            'factors.code_wrong',
            'auth.link_invalid',
            'auth.sign_in_refused',
            'auth.sso_required',
            'auth.invalid_credentials',
          ),
        },
      },
    },
    async (request, reply) => {
      const pending = await pendingOf(request, 'enrolment', request.body);
      const { opened, backupCodes, provedFactor } = await completeEnrolment(
        deps,
        pending,
        request.body,
        contextOf(request),
      );
      const answer = answerSignIn(deps, pending.browser, reply, { next: 'session', opened, provedFactor });
      return { ...(answer as SignInResponse), ...(backupCodes && { backup_codes: backupCodes }) };
    },
  );
  done();
};
