import {
  ChangePasswordRequest,
  ForgotPasswordRequest,
  Nothing,
  ResetPasswordRequest,
  SetPasswordRequest,
  SignInResponse,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { publicAccess, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { changePassword } from './change-password.ts';
import { checkOrigin } from './cross-site.ts';
import { forgotPassword } from './forgot-password.ts';
import { setPasswordByLink } from './password-link.ts';
import { NoContent, OF_NEW_PASSWORD, OF_PAGE, OF_PRESENT_PASSWORD, OF_SESSION } from './route-shapes.ts';
import { answerSignedIn } from './signed-in-answer.ts';
import { browserOf } from './signing-browser.ts';

const tags = ['Passwords'];

/** Setting a password: the first one, a forgotten one, another one (spec W11). */
export const passwordRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const { config } = deps;

  /** The link is the only thing that differs: both ways end in `setPasswordByLink`. */
  const setsPasswordByLink = (
    path: string,
    purpose: 'set-password' | 'reset-password',
    schema: { operationId: string; summary: string; description: string },
    body: typeof SetPasswordRequest | typeof ResetPasswordRequest,
  ) =>
    app.post(
      path,
      {
        config: { access: publicAccess('authenticates by the mailed link'), limit: 'password' },
        schema: {
          tags,
          ...schema,
          body,
          response: {
            204: NoContent,
            ...problems(
              ...OF_PAGE,
              ...OF_NEW_PASSWORD,
              'auth.link_invalid',
              'users.email_in_use',
              'auth.sso_required',
            ),
          },
        },
      },
      async (request, reply) => {
        checkOrigin(request, config);
        await setPasswordByLink(deps, purpose, request.body, contextOf(request));
        return reply.code(204).send(null);
      },
    );

  setsPasswordByLink(
    '/auth/password/set',
    'set-password',
    {
      operationId: 'setPassword',
      summary: 'Set a password by a mailed link',
      description:
        'Spends the link that an administrator’s “add user” mailed, sets the password and ends all sessions of the user. Sign in afterwards. ' +
        'From then on the address enters this account. Where it enters another one already, nothing is set, and the link stays good.',
    },
    SetPasswordRequest,
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
          'are mailed in 30 minutes, and fifteen a day for each network. The answer is the same for an address that nobody has, for a suspended account, and when nothing was mailed.',
        body: ForgotPasswordRequest,
        response: {
          202: Nothing,
          ...problems(...OF_PAGE, 'auth.client_unknown', 'auth.sso_required'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const { deviceCookie } = browserOf(request);
      await forgotPassword(deps, { ...request.body, deviceCookie }, contextOf(request));
      return reply.code(202).send({});
    },
  );

  setsPasswordByLink(
    '/auth/password/reset',
    'reset-password',
    {
      operationId: 'resetPassword',
      summary: 'Set a new password by a mailed link',
      description:
        'Spends the link that “forgot password” mailed, sets the password, ends all sessions of the user and every other link that could set one, lifts the ' +
        'lock on the address, and tells the owner by mail. Sign in afterwards.',
    },
    ResetPasswordRequest,
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
          ...problems('request.invalid', ...OF_NEW_PASSWORD, ...OF_PRESENT_PASSWORD, ...OF_SESSION),
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
