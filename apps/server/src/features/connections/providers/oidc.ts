import * as openid from 'openid-client';
import type { Outbound } from '../../../platform/http-client/index.ts';
import { type Challenge, type ProvedIdentity, type Provider, ProviderFault, textOf } from './provider.ts';
import { provedAtOf } from './proof-time.ts';
import { asFault, authorizationUrl, discover } from './relying-party.ts';

export interface OidcSettings {
  issuer: string;
  clientId: string;
  secret: string | undefined;
  scopes: readonly string[];
}

/** Whom the claims of a checked ID token mean. */
type Reading = (claims: openid.IDToken) => Pick<ProvedIdentity, 'subject' | 'emailVerified'>;

const STANDARD: Reading = (claims) => ({
  subject: subjectOf(claims.sub),
  // SECURITY: absent is false, and so is every other value: "false", 1, "yes" (threat 18).
  emailVerified: claims.email_verified === true,
});

/** SECURITY: an empty subject would be everybody whom a provider gives none (OpenID Connect Core §2: 255 characters of ASCII). */
function subjectOf(sub: unknown): string {
  const subject = textOf(sub);
  if (subject === undefined || subject.length > 255)
    throw new ProviderFault('failed', 'its ID token names no subject');
  return subject;
}

/**
 * A provider by OpenID Connect discovery: code with PKCE, state and nonce; signature, issuer, audience, times and nonce of the ID
 * token checked, `iss` of the answer too where the provider sends it (RFC 9207).
 */
export async function createOidcProvider(
  outbound: Outbound,
  settings: OidcSettings,
  { now, asksLogin = false, statesTime }: { now: () => Date; asksLogin?: boolean; statesTime?: false },
  read: Reading = STANDARD,
): Promise<Provider> {
  const configuration = await discover(outbound, settings);
  const scope = ['openid', 'email', 'profile', ...settings.scopes].join(' ');
  return {
    provesAnew: true,
    statesTime: statesTime ?? claimsTime(configuration),
    authorizationUrl: (challenge) =>
      authorizationUrl(
        configuration,
        scope,
        challenge,
        challenge.anew ? askedAnew(configuration, asksLogin) : {},
      ),
    async redeem(callback: URL, challenge: Challenge) {
      try {
        const tokens = await openid.authorizationCodeGrant(configuration, callback, {
          pkceCodeVerifier: challenge.codeVerifier,
          expectedState: challenge.state,
          expectedNonce: challenge.nonce,
          idTokenExpected: true,
        });
        const idToken = tokens.claims();
        if (idToken === undefined) throw new ProviderFault('failed', 'it answered without an ID token');
        const claims = await completed(configuration, tokens.access_token, idToken);
        return {
          issuer: idToken.iss,
          ...read({ ...claims, ...idToken }),
          email: textOf(claims.email),
          hostedDomain: textOf(idToken.hd),
          name: textOf(claims.name),
          // Of the ID token alone, which is signed.
          provedAt: provedAtOf(timeOf(idToken.auth_time), now()),
          claims,
        };
      } catch (error) {
        throw asFault(error);
      }
    },
  };
}

/**
 * Asks for a proof of now (OpenID Connect Core §3.1.2.1). With `max_age` the answer must say when it was; `prompt=login` besides where
 * the provider is known to take it: others refuse what they do not know.
 */
const askedAnew = (configuration: openid.Configuration, asksLogin: boolean): Record<string, string> => {
  const { prompt_values_supported: prompts } = configuration.serverMetadata();
  const takesLogin = asksLogin || (Array.isArray(prompts) && prompts.includes('login'));
  return { max_age: '0', ...(takesLogin && { prompt: 'login' }) };
};

/** OpenID Connect Discovery §3. */
const claimsTime = (configuration: openid.Configuration): boolean => {
  const { claims_supported: claims } = configuration.serverMetadata();
  return Array.isArray(claims) && claims.includes('auth_time');
};

/** Seconds of a claim; zero, which some providers write where they do not know, is no time. */
const timeOf = (seconds: number | undefined): Date | undefined =>
  seconds === undefined || seconds === 0 ? undefined : new Date(seconds * 1000);

/** Many providers keep the address for the user-info endpoint; what the ID token says counts before what is said there. */
async function completed(
  configuration: openid.Configuration,
  accessToken: string,
  idToken: openid.IDToken,
): Promise<openid.IDToken> {
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
  if (endpoint === undefined || idToken.email !== undefined) return idToken;
  // SECURITY: of the subject of the ID token, or refused (OpenID Connect Core §5.3.2).
  const more = await openid.fetchUserInfo(configuration, accessToken, idToken.sub);
  return { ...more, ...idToken };
}
