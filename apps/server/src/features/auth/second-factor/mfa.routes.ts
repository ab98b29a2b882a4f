import {
  ConfirmMfaEnrolmentRequest,
  EnrolMfaRequest,
  FactorAdded,
  NewTotp,
  SignInResponse,
  VerifyMfaRequest,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { publicAccess } from '../../../platform/access/index.ts';
import { contextOf, problems } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import { OF_PENDING } from '../route-shapes.ts';
import { answerSignIn } from '../signed-in-answer.ts';
import { confirmTotp } from './add-totp.ts';
import { beginEnrolment, completeEnrolment } from './enrol-at-sign-in.ts';
import { pendingOf } from './pending-of-request.ts';
import { verifySignIn } from './verify-sign-in.ts';

const tags = ['Sign-in'];

/** The second half of a sign-in, by the session token that the first half was answered with (spec W5, W6). */
export const mfaRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
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
          'With the session token that login answered and one proof: `totp_code`, `backup_code` or `passkey`. From the browser or program that signed in, within five ' +
          'minutes, once. Answers like login. Five wrong ones lock the second factor of the account for thirty minutes, in whichever sign-ins they were tried.',
        body: VerifyMfaRequest,
        response: {
          200: SignInResponse,
          ...problems(
            ...OF_PENDING,
            'auth.mfa_failed',
            'auth.passkey_failed',
            'auth.account_locked',
            'auth.sign_in_refused',
            'auth.sso_required',
            'auth.invalid_credentials',
          ),
        },
      },
    },
    async (request, reply) => {
      const pending = await pendingOf(deps, request, 'second-factor', request.body);
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
      const pending = await pendingOf(deps, request, 'enrolment', request.body);
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
      const pending = await pendingOf(deps, request, 'enrolment', request.body);
      const { enrolment_token, totp_code, label } = request.body;
      const input = { enrolment_token, totp_code, ...(label !== undefined && { label }) };
      const context = contextOf(request);
      const { opened, backupCodes, provedFactor } = await completeEnrolment(
        deps,
        pending,
        (owner) => confirmTotp(deps, owner, input, context),
        context,
      );
      const answer = answerSignIn(deps, pending.browser, reply, { next: 'session', opened, provedFactor });
      return { ...(answer as SignInResponse), ...(backupCodes && { backup_codes: backupCodes }) };
    },
  );
  done();
};
