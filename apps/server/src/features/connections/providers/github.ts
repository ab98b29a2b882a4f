import * as openid from 'openid-client';
import type { Outbound } from '../../../platform/http-client/index.ts';
import { GITHUB } from '../connection-rules.ts';
import { type Challenge, type Provider, ProviderFault, textOf } from './provider.ts';
import { asFault, authorizationUrl, clientAuthentication, fetchBy } from './relying-party.ts';

const API = 'https://api.github.com';
const SCOPE = 'read:user user:email';

/** GitHub: OAuth 2.0 and its own REST calls; of the addresses the primary one, and only when GitHub has verified it (spec W7). */
export function createGithubProvider(
  outbound: Outbound,
  of: { clientId: string; secret: string | undefined },
): Provider {
  const configuration = new openid.Configuration(
    {
      issuer: GITHUB,
      authorization_endpoint: `${GITHUB}/login/oauth/authorize`,
      token_endpoint: `${GITHUB}/login/oauth/access_token`,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    },
    of.clientId,
    { client_id: of.clientId },
    clientAuthentication(of.secret),
  );
  configuration[openid.customFetch] = fetchBy(outbound);
  configuration.timeout = 10;
  return {
    // OAuth 2.0 asks for nobody in particular at no particular time, and GitHub says nothing of its sessions.
    provesAnew: false,
    statesTime: false,
    // It knows no nonce: what binds the answer to this browser are state and PKCE.
    authorizationUrl: (challenge) => authorizationUrl(configuration, SCOPE, challenge),
    async redeem(callback: URL, challenge: Challenge) {
      try {
        const tokens = await openid.authorizationCodeGrant(configuration, callback, {
          pkceCodeVerifier: challenge.codeVerifier,
          expectedState: challenge.state,
          idTokenExpected: false,
        });
        const user = await ask(outbound, '/user', tokens.access_token);
        const { id, name, login } = user as Record<string, unknown>;
        if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0)
          throw new ProviderFault('failed', 'GitHub named no user');
        const email = await primaryVerified(outbound, tokens.access_token);
        return {
          issuer: GITHUB,
          // The number: a login can be given up, and taken by somebody else.
          subject: String(id),
          email,
          emailVerified: email !== undefined,
          hostedDomain: undefined,
          provedAt: undefined,
          name: textOf(name) ?? textOf(login),
          claims: { id, login, name, email },
        };
      } catch (error) {
        throw asFault(error);
      }
    },
  };
}

async function ask(outbound: Outbound, path: string, token: string): Promise<unknown> {
  const response = await outbound.fetch(`${API}${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'user-agent': 'Gatehouse',
      'x-github-api-version': '2022-11-28',
    },
  });
  if (response.status !== 200)
    throw new ProviderFault('failed', `GitHub answered ${response.status} for ${path}`);
  return response.json();
}

/** As many as GitHub gives at once; who has more addresses than these pages hold is asked for another way in. */
const A_PAGE = 100;
const MOST_PAGES = 3;

/** SECURITY: null, blank, unverified and secondary addresses are none (threat 22). */
async function primaryVerified(outbound: Outbound, token: string): Promise<string | undefined> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const emails = await ask(outbound, `/user/emails?per_page=${A_PAGE}&page=${page}`, token);
    if (!Array.isArray(emails)) return undefined;
    const primary = (emails as { email?: unknown; primary?: unknown; verified?: unknown }[]).find(
      (each) => each?.primary === true && each.verified === true,
    );
    if (primary !== undefined) return textOf(primary.email);
    if (emails.length < A_PAGE) return undefined;
  }
  return undefined;
}
