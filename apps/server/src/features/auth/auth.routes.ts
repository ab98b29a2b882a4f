import {
  CheckMethodRequest,
  CheckMethodResponse,
  ClientOnlyRequest,
  ConfirmRegistrationRequest,
  LoginRequest,
  Me,
  Nothing,
  RegisterRequest,
  SetupRequest,
  SignInOptions,
  SignInAnswer,
  SignInOptionsQuery,
  SignInResponse,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { isLoopbackUrl } from '../../config/index.ts';
import { publicAccess, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { mailboxUrl } from '../pages/index.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { clearTokenCookies, readAccessCookie, readRefreshCookie } from './cookies.ts';
import { checkCsrf, checkOrigin, CSRF_HEADER, csrfToken } from './cross-site.ts';
import { askUntilSetUp, setUp } from './first-administrator.ts';
import { checkPasswordsAllowed, login } from './login.ts';
import { logout } from './logout.ts';
import { confirmRegistration, register } from './register.ts';
import { renew } from './renew.ts';
import { loadRelyingParty } from './passkeys/relying-party.ts';
import { NoContent, OF_NEW_PASSWORD, OF_PAGE } from './route-shapes.ts';
import { acrOf } from './second-factor/policy.ts';
import { knownProof } from './proof-time.ts';
import { provenSession } from './proven-session.ts';
import { answerSignedIn, answerSignIn, userOf } from './signed-in-answer.ts';
import { browserOf } from './signing-browser.ts';

const tags = ['Sign-in'];

/** The ways in by address and password, and the session they open (spec W1, W2, W11, S1 to S5). */
export const authRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const { config } = deps;
  const setupRequired = askUntilSetUp(deps);

  app.get(
    '/auth/options',
    {
      config: { access: publicAccess('the sign-in page asks before anybody is signed in') },
      schema: {
        tags,
        operationId: 'getSignInOptions',
        summary: 'What the sign-in pages offer',
        description:
          'What this deployment allows before anybody is signed in, and what its pages look like: in the branding of the tenant that is named, of the client’s, ' +
          'or of the root tenant. It tells nothing about any account, and of a tenant without branding only its identity providers that are in service.',
        querystring: SignInOptionsQuery,
        response: { 200: SignInOptions, ...problems('request.invalid') },
      },
    },
    async ({ query }) => ({
      ...(await deps.brands.find({ tenant: query.tenant, clientId: query.client })),
      connections: await deps.homeRealms.offered(query.tenant),
      deploymentName: config.name,
      registration: config.registration,
      policy: config.authPolicy,
      devMailUrl: deps.mailbox ? mailboxUrl(config) : null,
      passkeys: config.authPolicy !== 'restricted' && loadRelyingParty(config) !== undefined,
      setupRequired: await setupRequired(),
      secureContext: config.publicUrl.startsWith('https://') || isLoopbackUrl(config.publicUrl),
    }),
  );

  app.post(
    '/auth/login',
    {
      config: { access: publicAccess('this is the door'), limit: 'login' },
      schema: {
        tags,
        operationId: 'login',
        summary: 'Sign in by address and password',
        description:
          'Cookie clients get `{ user }` and cookies; bearer clients get the access token in the body and the refresh token in a cookie. ' +
          'Five failures lock sign-in from unknown browsers for thirty minutes; the answer is the same for addresses that nobody has. ' +
          'Where a second factor is due the answer has no cookie of a session and no token but `session_token`, which opens `/auth/mfa` and nothing else.',
        body: LoginRequest,
        response: {
          200: SignInAnswer,
          ...problems(
            ...OF_PAGE,
            'auth.client_unknown',
            'auth.invalid_credentials',
            'auth.sso_required',
            'auth.client_not_allowed',
            'auth.sign_in_refused',
            'auth.account_locked',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config, await deps.clients.get(request.body.client ?? CONSOLE_CLIENT));
      const browser = browserOf(request);
      const outcome = await login(deps, { ...request.body, browser }, contextOf(request));
      return answerSignIn(deps, browser, reply, outcome);
    },
  );

  app.post(
    '/auth/refresh',
    {
      config: { access: publicAccess('authenticates by the refresh cookie; counted by session') },
      schema: {
        tags,
        operationId: 'refresh',
        summary: 'Renew the session',
        description:
          'Takes the refresh cookie, which is good once, and answers like login with the next one. The spent one, sent again by the same browser within ' +
          '30 seconds and before its successor was used, gets the same answer again; sent later, it ends the session.',
        body: ClientOnlyRequest,
        response: {
          200: SignInResponse,
          ...problems(...OF_PAGE, 'auth.client_unknown', 'auth.session_expired', 'auth.sign_in_refused'),
        },
      },
    },
    async (request, reply) => {
      const client = await deps.clients.get(request.body.client ?? CONSOLE_CLIENT);
      checkOrigin(request, config, client);
      try {
        const renewed = await renew(
          deps,
          client,
          readRefreshCookie(request, client.clientId),
          contextOf(request),
        );
        reply.headers(renewed.limitHeaders);
        return answerSignedIn(deps, reply, renewed);
      } catch (error) {
        if ((error as { code?: string }).code === 'auth.session_expired')
          clearTokenCookies(reply, config, client);
        throw error;
      }
    },
  );

  app.post(
    '/auth/logout',
    {
      config: { access: publicAccess('ends the session of whichever cookie or token is still good') },
      schema: {
        tags,
        operationId: 'logout',
        summary: 'Sign out',
        description:
          'Ends the session on the server and clears the cookies. A cookie client sends its `X-CSRF-Token`. Without a session there is nothing to do, and it answers the same.',
        body: ClientOnlyRequest,
        response: {
          204: NoContent,
          ...problems('request.invalid', 'auth.client_unknown', 'auth.origin_refused', 'auth.csrf_refused'),
        },
      },
    },
    async (request, reply) => {
      const client = await deps.clients.get(request.body.client ?? CONSOLE_CLIENT);
      checkOrigin(request, config, client);
      const session = await provenSession(deps, request, client);
      if (session) {
        if (session.byCookie) checkCsrf(request, deps.sealer, session.sessionId);
        await logout(deps, session, contextOf(request));
      }
      if (
        readAccessCookie(request, client.clientId) !== undefined ||
        readRefreshCookie(request, client.clientId) !== undefined
      ) {
        clearTokenCookies(reply, config, client);
      }
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/auth/me',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'getMe',
        summary: 'Who am I',
        description:
          'The user, the tenant the session works in with its region, limits and features, its roles and permissions, as they stand now. Cookie clients get their `X-CSRF-Token` in the header of the same name.',
        response: { 200: Me, ...problems('auth.unauthenticated') },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      const { session } = principal;
      const { locale, timeZone, currency, dateFormat, limits, features } = await deps.tenantRules.get(
        principal.tenantId,
      );
      const emailVerified = await deps.provedAddresses.isProved(principal.homeTenantId, principal.userId);
      reply.header('cache-control', 'no-store');
      reply.header(CSRF_HEADER, csrfToken(deps.sealer, principal.sessionId));
      return {
        user: { ...userOf(session, principal.homeTenantId), emailVerified },
        tenant: {
          id: session.active_tenant_id,
          name: session.tenant_name,
          type: session.tenant_type,
          status: session.tenant_status,
          locale,
          timeZone,
          currency,
          dateFormat,
          limits,
          features,
        },
        session: {
          id: principal.sessionId,
          clientId: session.client_id,
          createdAt: session.session_created_at.toISOString(),
          expiresAt: session.session_expires_at.toISOString(),
          amr: session.amr,
          acr: acrOf(session.amr),
          authTime: knownProof(session.auth_time)?.toISOString() ?? null,
        },
        roles: [...principal.roles],
        permissions: [...principal.permissions],
      };
    },
  );

  app.post(
    '/auth/check-method',
    {
      config: { access: publicAccess('asked before signing in'), limit: 'check-method' },
      schema: {
        tags,
        operationId: 'checkMethod',
        summary: 'Which ways in may this address use',
        description:
          'Told from the domain of the address alone, and never from whether somebody has it: where a tenant has proved the domain, its identity provider, and neither password nor passkey where the tenant takes none.',
        body: CheckMethodRequest,
        response: {
          200: CheckMethodResponse,
          ...problems(...OF_PAGE, 'auth.sso_required'),
        },
      },
    },
    async (request) => {
      checkOrigin(request, config);
      checkPasswordsAllowed(deps);
      const realm = await deps.homeRealms.find(request.body.email);
      const connection = realm?.connection ?? null;
      const takesOthers = realm?.restricted !== true;
      const methods = [
        ...(connection ? ['sso'] : []),
        ...(takesOthers && loadRelyingParty(config) ? ['passkey'] : []),
        ...(takesOthers ? ['password'] : []),
        ...(realm?.mail.link ? ['mail_link'] : []),
        ...(realm?.mail.code ? ['mail_code'] : []),
      ];
      return { methods, connection };
    },
  );

  app.post(
    '/auth/register',
    {
      config: {
        access: publicAccess('opens a tenant of one’s own where REGISTRATION allows it'),
        limit: 'register',
      },
      schema: {
        tags,
        operationId: 'register',
        summary: 'Register and open a tenant',
        description:
          'Mails a link to the address. The answer is the same for an address that has an account: only its mailbox is told.',
        body: RegisterRequest,
        response: {
          202: Nothing,
          ...problems(...OF_PAGE, ...OF_NEW_PASSWORD, 'auth.registration_closed', 'auth.sso_required'),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      await register(deps, request.body, contextOf(request));
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/register/confirm',
    {
      config: {
        access: publicAccess('authenticates by the mailed link and the password'),
        limit: 'register',
      },
      schema: {
        tags,
        operationId: 'confirmRegistration',
        summary: 'Confirm a registration',
        description:
          'Spends the link, opens the tenant with its first administrator, and signs in like login. The password is the one given at registration.',
        body: ConfirmRegistrationRequest,
        response: {
          200: SignInAnswer,
          ...problems(
            ...OF_PAGE,
            'auth.link_invalid',
            'auth.client_unknown',
            'auth.invalid_credentials',
            'auth.client_not_allowed',
            'auth.sso_required',
            'auth.registration_closed',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      const browser = browserOf(request);
      const outcome = await confirmRegistration(deps, { ...request.body, browser }, contextOf(request));
      return answerSignIn(deps, browser, reply, outcome);
    },
  );

  app.post(
    '/auth/setup',
    {
      config: {
        access: publicAccess('authenticates by the link that the first start prints'),
        limit: 'setup',
      },
      schema: {
        tags,
        operationId: 'setUp',
        summary: 'Make the first administrator',
        description:
          'Spends the set-up link that the first start printed. There is none once an administrator exists.',
        body: SetupRequest,
        response: {
          204: NoContent,
          ...problems(
            ...OF_PAGE,
            ...OF_NEW_PASSWORD,
            'auth.link_invalid',
            'auth.setup_done',
            'users.email_in_use',
          ),
        },
      },
    },
    async (request, reply) => {
      checkOrigin(request, config);
      await setUp(deps, request.body, contextOf(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
