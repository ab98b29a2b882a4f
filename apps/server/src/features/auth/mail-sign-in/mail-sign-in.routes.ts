import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  LinkRequest,
  MailSignInLink,
  MailSignInRequest,
  Nothing,
  SignInAnswer,
  SignInByMailCode,
  SignInByMailLink,
} from '@gatehouse/contracts';
import { publicAccess } from '../../../platform/access/index.ts';
import { contextOf, problems } from '../../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { checkOrigin } from '../cross-site.ts';
import { OF_PAGE } from '../route-shapes.ts';
import { answerSignIn } from '../signed-in-answer.ts';
import { browserOf } from '../signing-browser.ts';
import { askForMail } from './ask-for-mail.ts';
import { enterByMailCode, enterByMailLink, openMailLink } from './enter-by-mail.ts';
import { readMailCookie, renewMailCookie } from './mail-cookie.ts';

const tags = ['Sign-in'];
const limit = 'mail-sign-in';
const OF_WAY_IN = [
  ...OF_PAGE,
  'auth.client_unknown',
  'auth.sso_required',
  'auth.client_not_allowed',
  'auth.sign_in_refused',
] as const;

/** The ways in by a mailed link and a mailed code, where the tenant lets people in by them (spec W13). */
export const mailSignInRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const { config } = deps;

  app.post(
    '/auth/mail-sign-in',
    {
      config: { access: publicAccess('asked before anybody is signed in'), limit },
      schema: {
        tags,
        operationId: 'askForMailSignIn',
        summary: 'Have a link or code mailed to sign in with',
        description:
          'The answer is the same for an address without an account, and for one whose tenant lets nobody in by mail: only the mailbox is told. Sets a cookie that binds what is mailed to this browser.',
        body: MailSignInRequest,
        response: {
          202: Nothing,
          ...problems(...OF_PAGE, 'auth.client_unknown', 'auth.sso_required'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const cookie = renewMailCookie(request, reply);
      const { deviceCookie } = browserOf(request);
      await askForMail(deps, { ...request.body, cookie, deviceCookie }, contextOf(request));
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/mail-sign-in/open',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit },
      schema: {
        tags,
        operationId: 'openMailSignInLink',
        summary: 'Look at a link to sign in with',
        description: 'Whose it is, and whether this browser asked for it. Spends nothing.',
        body: LinkRequest,
        response: { 200: MailSignInLink, ...problems(...OF_PAGE, 'auth.link_invalid') },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      reply.header('cache-control', 'no-store');
      return openMailLink(deps, request.body.token, readMailCookie(request));
    },
  );

  app.post(
    '/auth/mail-sign-in/link',
    {
      config: { access: publicAccess('authenticates by the mailed link'), limit },
      schema: {
        tags,
        operationId: 'signInByMailLink',
        summary: 'Sign in by a mailed link',
        description:
          'Spends the link, and answers like login. A browser that did not ask for it says `elsewhere`, once the person has confirmed that.',
        body: SignInByMailLink,
        response: {
          200: SignInAnswer,
          ...problems(...OF_WAY_IN, 'auth.link_invalid', 'auth.confirm_elsewhere'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const browser = browserOf(request);
      const input = { ...request.body, browser, cookie: readMailCookie(request) };
      return answerSignIn(deps, browser, reply, await enterByMailLink(deps, input, contextOf(request)));
    },
  );

  app.post(
    '/auth/mail-sign-in/code',
    {
      config: { access: publicAccess('authenticates by the mailed code'), limit },
      schema: {
        tags,
        operationId: 'signInByMailCode',
        summary: 'Sign in by a mailed code',
        description:
          'Spends the code, in the browser that asked for it, and answers like login. Wrong ones count towards the lock like wrong passwords.',
        body: SignInByMailCode,
        response: {
          200: SignInAnswer,
          ...problems(...OF_WAY_IN, 'auth.mail_code_wrong', 'auth.account_locked'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const browser = browserOf(request);
      const input = { ...request.body, browser, cookie: readMailCookie(request) };
      return answerSignIn(deps, browser, reply, await enterByMailCode(deps, input, contextOf(request)));
    },
  );
  done();
};
