import * as openid from 'openid-client';
import type { Outbound } from '../../../platform/http-client/index.ts';
import { type Challenge, ProviderFault } from './provider.ts';

const SECONDS = 10;

/** What the protocol's library speaks through: our one way out, which refuses inside networks and follows no redirect. */
export const fetchBy =
  (outbound: Outbound): openid.CustomFetch =>
  (url, { method, headers, body }) =>
    outbound.fetch(url, {
      method,
      headers,
      ...(body instanceof URLSearchParams && { body: body.toString() }),
      ...(typeof body === 'string' && { body }),
    });

/**
 * How we prove who we are to the token endpoint: by what the provider says that it takes (OpenID Connect Core §9; Basic where it says
 * nothing), or not at all where there is no secret.
 */
export function clientAuthentication(secret: string | undefined): openid.ClientAuth {
  if (secret === undefined) return openid.None();
  const [post, basic] = [openid.ClientSecretPost(secret), openid.ClientSecretBasic(secret)];
  return (server, client, body, headers) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const prove = taken.includes('client_secret_post') ? post : basic;
    return prove(server, client, body, headers);
  };
}

/** Asks where the provider's endpoints are. Each must be https; tokens must be signed, however they were fetched. */
export async function discover(
  outbound: Outbound,
  of: { issuer: string; clientId: string; secret: string | undefined },
): Promise<openid.Configuration> {
  try {
    const configuration = await openid.discovery(
      new URL(of.issuer),
      of.clientId,
      { client_id: of.clientId },
      clientAuthentication(of.secret),
      { [openid.customFetch]: fetchBy(outbound), timeout: SECONDS },
    );
    const server = configuration.serverMetadata();
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
      const url = URL.parse(server[name] ?? '');
      // SECURITY: the browser is sent to the first of them; it must be no script and no page of ours (threat 68).
      if (url?.protocol !== 'https:')
        throw new ProviderFault('failed', `its ${name} is not an https:// address`);
    }
    // SECURITY: without it the library trusts TLS alone for what the token endpoint says (threats 61, 66).
    openid.enableNonRepudiationChecks(configuration);
    return configuration;
  } catch (error) {
    const { kind, message } = asFault(error);
    throw new ProviderFault(kind, message, error, 'unreachable');
  }
}

export async function authorizationUrl(
  configuration: openid.Configuration,
  scope: string,
  { state, nonce, codeVerifier, redirectUri }: Challenge,
  more: Record<string, string> = {},
): Promise<URL> {
  return openid.buildAuthorizationUrl(configuration, {
    scope,
    redirect_uri: redirectUri,
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...more,
  });
}

/** The library's errors, in words for an administrator: what failed, never what was sent. */
export function asFault(error: unknown): ProviderFault {
  if (error instanceof ProviderFault) return error;
  if (error instanceof openid.AuthorizationResponseError)
    return new ProviderFault(
      'refused',
      `it answered ${plain(error.error)}: ${plain(error.error_description)}`,
      error,
    );
  if (error instanceof openid.ResponseBodyError)
    return new ProviderFault(
      'failed',
      `its token endpoint answered ${plain(error.error)}: ${plain(error.error_description)}`,
      error,
      error.error === 'invalid_client' || error.error === 'unauthorized_client' ? 'client' : 'code',
    );
  const { message, code, cause } = error as Error & { code?: string };
  const why = cause instanceof Error ? `: ${plain(cause.message)}` : '';
  return new ProviderFault(
    'failed',
    `${plain(message)}${code === undefined ? '' : ` (${code})`}${why}`,
    error,
  );
}

/** What a provider wrote, fit to be shown: short, and of plain characters. */
const plain = (text: unknown): string =>
  typeof text === 'string' ? text.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 300) : 'nothing more';
