import type { Config } from '../../config/index.ts';
import { emailKey } from '../../platform/email.ts';
import type { ConnectionRow } from './connections.repo.ts';
import type { ProvedIdentity } from './providers/provider.ts';

/** What a provider's word for an address is worth (spec W8). */
export interface Vouching {
  /** The provider says that the address is the person's, in a way that can be believed. */
  proved: boolean;
  /** The provider is the one who hands the addresses of this domain out: nobody else could have had it meanwhile. */
  authoritative: boolean;
}

export const domainOf = (email: string): string => {
  const key = emailKey(email);
  return key.slice(key.lastIndexOf('@') + 1);
};

/**
 * @param isOwn whether the tenant of the account has proved the domain of the address.
 *
 * SECURITY: an account links by itself only where the provider is authoritative. A Google account may have any address, verified
 * once and lost since, but for gmail.com and for what Google Workspace manages; anybody can write any address into a directory of
 * Entra ID; a tenant's own provider may say what it likes of domains that are not the tenant's (threats 4, 17, 18).
 */
export function vouchingOf(
  config: Pick<Config, 'allowedEmailDomains'>,
  connection: Pick<ConnectionRow, 'kind' | 'scope'>,
  identity: ProvedIdentity & { email: string },
  isOwn: boolean,
): Vouching {
  const domain = domainOf(identity.email);
  const { emailVerified } = identity;
  switch (connection.kind) {
    case 'google': {
      const managed =
        identity.hostedDomain === domain && (isOwn || config.allowedEmailDomains.includes(domain));
      return { proved: emailVerified, authoritative: emailVerified && (domain === 'gmail.com' || managed) };
    }
    case 'github':
      return { proved: emailVerified, authoritative: false };
    case 'microsoft': {
      // A tenant's connection is to one directory, which is the tenant's as the domain is.
      const proved = emailVerified || (connection.scope === 'tenant' && isOwn);
      return { proved, authoritative: proved };
    }
    default:
      return { proved: emailVerified, authoritative: emailVerified && isOwn };
  }
}
