import type { Outbound } from '../../../platform/http-client/index.ts';
import { createOidcProvider, type OidcSettings } from './oidc.ts';
import { type Provider, ProviderFault, textOf } from './provider.ts';

/**
 * Microsoft Entra ID: one directory, or every one.
 *
 * SECURITY: whom it means is `tid` and `oid`; anybody can make a directory, and write any address into its people. The issuer of a
 * token must be that of its own `tid` (the library fills Entra's template), and `tid` the directory of the connection. An address
 * counts where Entra says that the directory's owner proved its domain (`xms_edov`; threat 17).
 */
export const createMicrosoftProvider = (
  outbound: Outbound,
  settings: OidcSettings,
  directoryId: string | null,
  now: () => Date,
): Promise<Provider> =>
  // Its metadata name `auth_time`, which it says only where the registration asks for the claim.
  createOidcProvider(outbound, settings, { now, asksLogin: true, statesTime: false }, (claims) => {
    const [tid, oid] = [textOf(claims.tid), textOf(claims.oid)];
    if (tid === undefined || oid === undefined)
      throw new ProviderFault('failed', 'its ID token names no directory and object (tid, oid)');
    if (directoryId !== null && tid !== directoryId)
      throw new ProviderFault('failed', 'its ID token is of another directory');
    if (claims.iss !== `https://login.microsoftonline.com/${tid}/v2.0`)
      throw new ProviderFault('failed', 'the issuer of its ID token is not that of its directory');
    return { subject: oid, emailVerified: isDomainOwnerVerified(claims.xms_edov) };
  });

/** Entra writes it as a boolean, as a number or as a text. */
const isDomainOwnerVerified = (value: unknown): boolean =>
  value === true || value === 1 || value === '1' || value === 'true';
