import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  ClientSelector,
  type ConnectionKind,
  type ErrorCode,
  Id,
  Message,
  SingleUseToken,
  Slug,
} from '@gatehouse/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { publicAccess } from '../../platform/access/index.ts';
import { contextOf, Problem, problems } from '../../platform/http/index.ts';
import { answerSignedIn, answerSignIn, browserOf, provenSession, type SignInOutcome } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { beginSignIn } from './begin-sign-in.ts';
import { findOfferedConnections } from './connections.repo.ts';
import { type Finished, finishSignIn } from './finish-sign-in.ts';
import { PLATFORM_CONNECTIONS, PLATFORM_KINDS } from './platform-connections.ts';
import { readSignInCookie, setSignInCookie } from './sign-in-cookie.ts';
import { pageWith, refuseSignIn, sendBrowser } from './sign-in-redirect.ts';

const tags = ['Sign-in'];
const where = {
  client: ClientSelector,
  returnTo: Type.Optional(
    Type.String({
      maxLength: 2000,
      description: 'Where to go on: a path of this origin, or an address of an origin that the client names.',
      examples: ['/users'],
    }),
  ),
};
/** Providers add what they like (`session_state`, `hd`, `scope`): unknown members are ignored (RFC 6749 §4.1.2). */
const Answer = Type.Object({
  state: SingleUseToken,
  code: Type.Optional(Type.String({ maxLength: 4000, description: 'The authorization code.' })),
  error: Type.Optional(
    Type.String({ maxLength: 200, description: 'Why there is no code (RFC 6749 §4.1.2.1).' }),
  ),
  iss: Type.Optional(Type.String({ maxLength: 300, description: 'The issuer (RFC 9207).' })),
});
const Redirect = Type.Null({
  description:
    'To the provider, or on to where the person wanted to go, or to the sign-in page with `problem`.',
});
const OF_BEGINNING = [
  'request.invalid',
  'rate.limited',
  'resource.not_found',
  'auth.client_unknown',
  'auth.connection_disabled',
  'auth.provider_failed',
  'service.unavailable',
] satisfies ErrorCode[];
const OF_FINISHING = [
  ...OF_BEGINNING,
  'auth.sign_in_expired',
  'auth.provider_refused',
  'auth.email_unproved',
  'auth.domain_unproved',
  'auth.no_account',
  'auth.link_required',
  'auth.client_not_allowed',
  'auth.sso_required',
  'auth.sign_in_refused',
  'auth.identity_in_use',
  'auth.other_account',
  'auth.not_proved_anew',
  'auth.session_expired',
  'auth.insufficient_user_authentication',
  'tenants.user_limit_reached',
  'auth.link_invalid',
  'invitations.other_address',
  'users.email_domain_refused',
  'users.email_in_use',
] satisfies ErrorCode[];

/** Signing in by an identity provider (spec W7 to W9). Only GET: people come by a link, and come back by a redirect. */
export const connectionSignInRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  // A mail program or a scanner that asks for the head of a link must neither begin nor spend anything.
  const common = { exposeHeadRoute: false };

  app.get(
    '/auth/connections/:id/login',
    {
      ...common,
      config: { access: publicAccess('sends the browser to the identity provider'), limit: 'connection' },
      schema: {
        tags,
        operationId: 'beginConnectionSignIn',
        summary: 'Sign in by a connection',
        description:
          'A link for browsers. It sends them to the provider, from where they come back to `/callback`.',
        params: Message({ id: Id }),
        querystring: Message(where),
        response: { 303: Redirect, ...problems(...OF_BEGINNING) },
      },
    },
    (request, reply) => begin(request, reply, request.params.id, request.query),
  );

  app.get(
    '/auth/connections/:id/callback',
    {
      ...common,
      config: { access: publicAccess('authenticates by what the provider says'), limit: 'connection' },
      schema: {
        tags,
        operationId: 'finishConnectionSignIn',
        summary: 'Come back from a provider',
        description:
          'Register this address with the provider. It signs in like login, and goes on with a redirect; a browser is sent to the sign-in page when something was wrong.',
        params: Message({ id: Id }),
        querystring: Answer,
        response: { 303: Redirect, ...problems(...OF_FINISHING) },
      },
    },
    (request, reply) => finish(request, reply, request.params.id, request.query.state),
  );

  for (const kind of PLATFORM_KINDS) {
    const name = { google: 'Google', github: 'GitHub', microsoft: 'Microsoft' }[kind];
    app.get(
      `/auth/${kind}/login`,
      {
        ...common,
        config: { access: publicAccess('sends the browser to the identity provider'), limit: 'connection' },
        schema: {
          tags,
          operationId: `begin${name}SignIn`,
          summary: `Sign in with ${name}`,
          description: `A link for browsers. Of the deployment’s own registration with ${name}, or with \`tenant\` of that tenant’s.`,
          querystring: Message({ ...where, tenant: Type.Optional(Slug) }),
          response: { 303: Redirect, ...problems(...OF_BEGINNING) },
        },
      },
      async (request, reply) => {
        const { tenant, ...rest } = request.query;
        const id = tenant === undefined ? PLATFORM_CONNECTIONS[kind] : await ofTenant(kind, tenant);
        return begin(request, reply, id, rest);
      },
    );
    app.get(
      `/auth/${kind}/callback`,
      {
        ...common,
        config: { access: publicAccess('authenticates by what the provider says'), limit: 'connection' },
        schema: {
          tags,
          operationId: `finish${name}SignIn`,
          summary: `Come back from ${name}`,
          description: `Register this address with ${name} for the deployment’s own registration.`,
          querystring: Answer,
          response: { 303: Redirect, ...problems(...OF_FINISHING) },
        },
      },
      (request, reply) => finish(request, reply, PLATFORM_CONNECTIONS[kind], request.query.state),
    );
  }
  done();

  async function begin(
    request: FastifyRequest,
    reply: FastifyReply,
    connectionId: string,
    query: { client?: string; returnTo?: string },
  ) {
    try {
      const { client, returnTo } = query;
      const cookie = setSignInCookie(request, reply);
      const provider = await beginSignIn(deps, { connectionId, client, returnTo, cookie });
      return await sendBrowser(reply, provider);
    } catch (error) {
      return refuseSignIn(deps, request, reply, { problem: error });
    }
  }

  async function finish(request: FastifyRequest, reply: FastifyReply, connectionId: string, state: string) {
    // A redirect names no origin, and only browsers follow one.
    const browser = { ...browserOf(request), isBrowser: true };
    const cookie = readSignInCookie(request);
    const [, query = ''] = request.url.split('?', 2);
    let finished: Finished;
    try {
      finished = await finishSignIn(
        deps,
        {
          connectionId,
          query,
          state,
          cookie,
          browser,
          sessionIn: (client) => provenSession(deps, request, client),
        },
        contextOf(request),
      );
    } catch (error) {
      return refuseSignIn(deps, request, reply, { problem: error });
    }
    if ('problem' in finished) return refuseSignIn(deps, request, reply, finished);
    if ('provider' in finished) return sendBrowser(reply, finished.provider);
    if ('trialToken' in finished)
      return sendBrowser(reply, pageWith(finished.attempt, { trial: finished.trialToken }));
    if ('proved' in finished) {
      answerSignedIn(deps, reply, finished.opened);
      return sendBrowser(reply, pageWith(finished.attempt, { proved: finished.proved }));
    }
    if ('linked' in finished)
      return sendBrowser(reply, pageWith(finished.attempt, { linked: finished.linked }));
    answerSignIn(deps, browser, reply, finished.outcome);
    return sendBrowser(reply, nextPage(finished.outcome, new URL(finished.attempt.returnTo)));
  }

  /** The app that asked; or the page that asks for a second factor, which goes there afterwards where that is one of ours. */
  function nextPage(outcome: SignInOutcome, returnTo: URL): URL {
    if (outcome.next === 'session') return returnTo;
    const page = new URL(
      outcome.next === 'enrolment' ? '/signin/enrol' : '/signin/second-factor',
      deps.config.publicUrl,
    );
    if (returnTo.origin === page.origin)
      page.searchParams.set('returnTo', returnTo.pathname + returnTo.search);
    if (outcome.next === 'second-factor') {
      page.searchParams.set('remember', String(outcome.rememberDays));
      page.searchParams.set('factors', outcome.factors.join(','));
    }
    // In the fragment, which browsers send to no server.
    page.hash = `token=${outcome.pending.sessionToken}`;
    return page;
  }

  /** The one of that kind that a tenant has in service. */
  async function ofTenant(kind: ConnectionKind, tenant: string): Promise<string> {
    const offered = await findOfferedConnections(deps.doors, tenant);
    const found = offered.find((each) => each.scope === 'tenant' && each.kind === kind);
    if (found === undefined)
      throw new Problem('resource.not_found', { detail: 'There is no such way to sign in.' });
    return found.id;
  }
};
