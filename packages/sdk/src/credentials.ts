import { type GatehouseServer, ServerAnswer } from './server.ts';

/**
 * Who the service itself is, towards Gatehouse: a client of kind `service` with its secret (OAuth 2.0 client credentials, RFC 6749
 * §4.4), or a function that brings an access token.
 */
export type ServiceCredentials =
  | { readonly clientId: string; readonly clientSecret: string }
  | (() => string | Promise<string>);

/** Brings the service's own access token. */
export interface OwnToken {
  get(): Promise<string>;
  /** The one that was brought does not count any more. */
  forget(): void;
}

/** Of a service that has none: it follows no feed, and fetches no bundles. */
export const noToken = (): OwnToken => ({
  get: () => Promise.reject(new TypeError('this service has no credentials')),
  forget: () => undefined,
});

/** Seconds before its end at which a token is renewed. */
const EARLY = 30;

export function ownTokenOf(
  credentials: ServiceCredentials,
  server: GatehouseServer,
  now: () => number,
  timeout: number,
): OwnToken {
  if (typeof credentials === 'function')
    return { get: async () => await credentials(), forget: () => undefined };
  let held: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;
  const { clientId, clientSecret } = credentials;

  async function ask(): Promise<string> {
    // RFC 6749 §2.3.1: each half is form-encoded before they are joined.
    const basic = btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`);
    const response = await server.send('/oauth2/token', {
      method: 'POST',
      headers: {
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(timeout),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new ServerAnswer(response);
    }
    const answer = (await response.json()) as { access_token?: unknown; expires_in?: unknown };
    if (typeof answer.access_token !== 'string') throw new TypeError('the answer has no access_token');
    const seconds = Math.max(1, Number(answer.expires_in ?? 60) - EARLY);
    held = { token: answer.access_token, until: now() + seconds * 1000 };
    return held.token;
  }

  return {
    get: async () =>
      held !== undefined && now() < held.until
        ? held.token
        : await (asking ??= ask().finally(() => {
            asking = undefined;
          })),
    forget() {
      held = undefined;
    },
  };
}

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
