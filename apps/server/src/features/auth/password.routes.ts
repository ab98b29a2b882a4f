import {
  ChangePasswordRequest,
  ForgotPasswordRequest,
  Nothing,
  ResetPasswordRequest,
  SetPasswordRequest,
  SignInResponse,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { publicAccess, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { changePassword } from './change-password.ts';
import { checkOrigin } from './cross-site.ts';
import { forgotPassword } from './forgot-password.ts';
import { setPasswordByLink } from './password-link.ts';
import { answerSignedIn } from './signed-in-answer.ts';

const NoContent = Type.Null({ description: 'Done.' });
const tags = ['Passwords'];

/** Setting a password: the first one, a forgotten one, another one (spec W11). */
export const passwordRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const { config } = deps;

  app.post(
    '/auth/password/set',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit: 'password' },
      schema: {
        tags,
        operationId: 'setPassword',
        summary: 'Set a password by a mailed link',
        description:
          'Spends the link that an administrator’s “add user” mailed, sets the password and ends all sessions of the user. Sign in afterwards. ' +
          'From then on the address enters this account. Where it enters another one already, nothing is set, and the link stays good.',
        body: SetPasswordRequest,
        response: {
          204: NoContent,
          ...problems(
            'request.invalid',
            'auth.link_invalid',
            'users.email_in_use',
            'password.too_weak',
            'password.too_long',
            'auth.sso_required',
            'auth.origin_refused',
            'rate.limited',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      await setPasswordByLink(deps, 'set-password', request.body, contextOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/password/forgot',
    {
      config: { access: publicAccess('whoever has forgotten a password cannot sign in'), limit: 'password' },
      schema: {
        tags,
        operationId: 'forgotPassword',
        summary: 'Ask for a link to set a new password',
        description:
          'Mails a single-use link, good for 30 minutes, to the address of the account as it is stored; the newest link ends those before. At most five ' +
          'are mailed in 30 minutes. The answer is the same for an address that nobody has, for a suspended account, and when nothing was mailed.',
        body: ForgotPasswordRequest,
        response: {
          202: Nothing,
          ...problems(
            'request.invalid',
            'auth.client_unknown',
            'auth.sso_required',
            'auth.origin_refused',
            'rate.limited',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      await forgotPassword(deps, request.body, contextOf(request));
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/password/reset',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit: 'password' },
      schema: {
        tags,
        operationId: 'resetPassword',
        summary: 'Set a new password by a mailed link',
        description:
          'Spends the link that “forgot password” mailed, sets the password, ends all sessions of the user and every other link that could set one, lifts the ' +
          'lock on the address, and tells the owner by mail. Sign in afterwards.',
        body: ResetPasswordRequest,
        response: {
          204: NoContent,
          ...problems(
            'request.invalid',
            'auth.link_invalid',
            'users.email_in_use',
            'password.too_weak',
            'password.too_long',
            'auth.sso_required',
            'auth.origin_refused',
            'rate.limited',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      await setPasswordByLink(deps, 'reset-password', request.body, contextOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/password/change',
    {
      config: { access: user(), limit: 'password' },
      schema: {
        tags,
        operationId: 'changePassword',
        summary: 'Change my password',
        description:
          'Needs the present password; five wrong ones lock this and the change of address for thirty minutes, in all sessions of the account. All other ' +
          'sessions end. The one that asks goes on under a new id and gets new tokens, like login. The owner is told by mail.',
        body: ChangePasswordRequest,
        response: {
          200: SignInResponse,
          ...problems(
            'request.invalid',
            'password.too_weak',
            'password.too_long',
            'password.current_wrong',
            'auth.unauthenticated',
            'auth.session_expired',
            'auth.csrf_refused',
            'auth.sso_required',
            'auth.account_locked',
            'rate.limited',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      return answerSignedIn(
        deps,
        reply,
        await changePassword(deps, principal, request.body, contextOf(request)),
      );
    },
  );
  done();
};
