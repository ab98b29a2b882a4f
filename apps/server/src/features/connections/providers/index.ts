import { LRUCache } from 'lru-cache';
import type { Config } from '../../../config/index.ts';
import type { Sealer } from '../../../platform/crypto/index.ts';
import type { Clock } from '../../../platform/clock.ts';
import { HttpError, type Outbound } from '../../../platform/http-client/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import { openSecret } from '../connection-secret.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import { configuredProvider } from '../platform-connections.ts';
import { createGithubProvider } from './github.ts';
import { createMicrosoftProvider } from './microsoft.ts';
import { createOidcProvider } from './oidc.ts';
import { SamlFault } from '../saml/saml-fault.ts';
import { metadataRefused } from '../saml/saml-settings.ts';
import { createSamlThread, type Place } from '../saml/saml-thread.ts';
import type { ProviderMetadata } from '../saml/provider-metadata.ts';
import { partiesOf } from '../saml/service-provider.ts';
import { type Provider, ProviderFault } from './provider.ts';
import { createSamlProvider } from './saml.ts';

/** The providers that connections lead to; what they say of themselves is remembered for ten minutes. */
export interface Providers {
  /** @throws {ProviderFault} */
  get(row: ConnectionRow): Promise<Provider>;
  /** Asks anew. @throws {Problem} `connections.provider_unreachable` */
  check(row: ConnectionRow): Promise<void>;
  /**
   * What the metadata of a SAML provider say: these, or those at an address.
   *
   * @throws {Problem} `connections.metadata_refused`, `connections.provider_unreachable`
   */
  readMetadata(source: { metadata: string } | { metadataUrl: string }): Promise<ProviderMetadata>;
  /**
   * Takes a place among the documents that wait to be read.
   *
   * @throws {Problem} `service.unavailable` while too many do
   */
  admit(): Place;
  /** Ours, for the provider of a SAML connection. */
  serviceMetadata(row: ConnectionRow): Promise<string>;
  close(): Promise<void>;
}

const REMEMBERED_MS = 600_000;
const MOST_METADATA = 300_000;

export function createProviders({
  config,
  sealer,
  clock,
  outbound,
}: {
  config: Config;
  sealer: Sealer;
  clock: Clock;
  outbound: Outbound;
}): Providers {
  const thread = createSamlThread();
  const now = () => clock.now();
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
        return createMicrosoftProvider(outbound, of, row.settings.directoryId, now);
      case 'saml':
        return createSamlProvider(thread, partiesOf({ config, sealer }, row), now);
      default:
        return createOidcProvider(outbound, of, { now });
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
    // Of SAML nothing is asked and nothing kept: each sign-in is judged by the certificates of its moment.
    get: (row) => (row.kind === 'saml' ? make(row) : (known.get(keyOf(row)) ?? remember(row))),
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
    async readMetadata(source) {
      const xml = 'metadata' in source ? source.metadata : await fetchMetadata(outbound, source.metadataUrl);
      try {
        return await thread.run({ kind: 'provider-metadata', xml });
      } catch (error) {
        throw error instanceof SamlFault ? metadataRefused(error.message) : error;
      }
    },
    async serviceMetadata(row) {
      const { saml: _saml, ...parties } = partiesOf({ config, sealer }, row);
      // The same at each asking: some providers compare.
      return thread.run({ kind: 'service-metadata', parties, metadataId: `_${row.id}` });
    },
    admit: () => thread.admit(),
    close: () => thread.close(),
  };
}

async function fetchMetadata(outbound: Outbound, url: string): Promise<string> {
  const unreachable = (why: string, cause?: unknown) =>
    new Problem('connections.provider_unreachable', {
      detail: `Look at the address of the metadata: ${why}.`,
      cause,
    });
  let response: Response;
  try {
    response = await outbound.fetch(url, { headers: { accept: 'application/samlmetadata+xml, text/xml' } });
  } catch (error) {
    if (error instanceof HttpError) throw unreachable(`nothing answers there (${error.message})`, error);
    throw error;
  }
  if (response.status !== 200) throw unreachable(`it answers ${response.status}`);
  const xml = await response.text();
  if (xml.length > MOST_METADATA) throw metadataRefused('they are too long');
  return xml;
}
