import { LRUCache } from 'lru-cache';
import type { Config } from '../../../config/index.ts';
import type { Sealer } from '../../../platform/crypto/index.ts';
import type { Outbound } from '../../../platform/http-client/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import { openSecret } from '../connection-secret.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import { configuredProvider } from '../platform-connections.ts';
import { createGithubProvider } from './github.ts';
import { createMicrosoftProvider } from './microsoft.ts';
import { createOidcProvider } from './oidc.ts';
import { type Provider, ProviderFault } from './provider.ts';

/** The providers that connections lead to; what they say of themselves is remembered for ten minutes. */
export interface Providers {
  /** @throws {ProviderFault} */
  get(row: ConnectionRow): Promise<Provider>;
  /** Asks anew. @throws {Problem} `connections.provider_unreachable` */
  check(row: ConnectionRow): Promise<void>;
}

const REMEMBERED_MS = 600_000;

export function createProviders({
  config,
  sealer,
  outbound,
}: {
  config: Config;
  sealer: Sealer;
  outbound: Outbound;
}): Providers {
  const known = new LRUCache<string, Promise<Provider>>({ max: 1000, ttl: REMEMBERED_MS });
  const make = async (row: ConnectionRow): Promise<Provider> => {
    const configured = row.scope === 'platform' ? configuredProvider(config, row.kind) : undefined;
    const clientId = configured?.clientId ?? row.settings.clientId;
    const secret = configured?.clientSecret ?? openSecret(sealer, row);
    const of = { issuer: row.issuer, clientId, secret, scopes: row.settings.scopes };
    switch (row.kind) {
      case 'github':
        return createGithubProvider(outbound, of);
      case 'microsoft':
        return createMicrosoftProvider(outbound, of, row.settings.directoryId);
      default:
        return createOidcProvider(outbound, of);
    }
  };
  // With the time of the last change: what was made of the connection before is not found again.
  const keyOf = (row: ConnectionRow) =>
    `${row.id} ${row.updated_at.toISOString()} ${row.secret_sealed ?? ''}`;
  const remember = (row: ConnectionRow) => {
    const key = keyOf(row);
    const made = make(row);
    known.set(key, made);
    // A provider that could not be reached is asked again by whoever comes next.
    made.catch(() => known.delete(key));
    return made;
  };
  return {
    get: (row) => known.get(keyOf(row)) ?? remember(row),
    async check(row) {
      try {
        await remember(row);
      } catch (error) {
        if (!(error instanceof ProviderFault)) throw error;
        throw new Problem('connections.provider_unreachable', {
          detail: `Look at the issuer and at its discovery document: ${error.message}.`,
          cause: error,
        });
      }
    },
  };
}
