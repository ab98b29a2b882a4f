import type { Undeclared } from '@gatehouse/contracts';
import type { ServiceCredentials } from './credentials.ts';

/** How a service reaches Gatehouse, and what it takes. `issuer` and `tenants` must be said. */
export interface GatehouseOptions {
  /** The address of Gatehouse as it stands in tokens (`GATEHOUSE_PUBLIC_URL`), without a slash at its end. */
  readonly issuer: string;
  /**
   * Whose callers are let in: the ids of tenants, or `all` for a service of the platform. Whoever works in another tenant is refused,
   * whatever roles they hold there. Callers that the feed does not tell about (it tells a tenant's service about its own tenant, and one of
   * the root tenant with `tenant_revocations:read` about all) are asked about at each request.
   */
  readonly tenants: 'all' | readonly string[];
  /** Where Gatehouse is reached from here, when that is another address. Default: `issuer`. */
  readonly url?: string;
  /**
   * What tokens of other services for this one name (RFC 8707). Default, with a `clientId`: `{issuer}/services/{clientId}`. Tokens of
   * persons name the issuer.
   */
  readonly audience?: string;
  /**
   * Who this service is. It needs `revocations:read` and `bundles:read` (in the root tenant: `tenant_revocations:read` and
   * `tenant_bundles:read`); without credentials Gatehouse is asked about each token.
   */
  readonly credentials?: ServiceCredentials;
  /** The values of `X-Internal-Token` that routes for services take: one, or two while it is changed. Compatibility; default: none. */
  readonly internalTokens?: readonly string[];
  /** What becomes of a route that declares nothing. Default: `signed-in`. */
  readonly undeclared?: Undeclared;
  /** Seconds after the last heartbeat of the feed for which its word is taken. Default: 2. */
  readonly staleness?: number;
  /** Seconds by which clocks may differ when `exp` is judged. Default: 60. */
  readonly clockTolerance?: number;
  /** Seconds that Gatehouse may take for an answer. Default: 2. */
  readonly timeout?: number;
  /** How many verified tokens are remembered. Default: 10,000. */
  readonly rememberedTokens?: number;
  /** Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Told why the feed is not there, at each attempt: for your log. It never holds a token. Default: nobody is told. */
  readonly onFault?: (fault: unknown) => void;
}

/** The options with what is not said filled in. @throws TypeError, naming the option, for what cannot be. */
export function readOptions(options: GatehouseOptions) {
  const issuer = addressOf('issuer', options.issuer);
  const clientId = typeof options.credentials === 'object' ? options.credentials.clientId : undefined;
  const audience =
    options.audience ?? (clientId === undefined ? undefined : `${issuer}/services/${clientId}`);
  const undeclared = options.undeclared ?? 'signed-in';
  // From JavaScript anything may come, and a word that was misspelled must not open anything.
  if (undeclared !== 'signed-in' && undeclared !== 'deny')
    throw new TypeError("undeclared is 'signed-in' or 'deny'");
  return {
    url: options.url === undefined ? issuer : addressOf('url', options.url),
    isOfTenant: tenantsOf(options.tenants),
    audiences: { issuer, users: [issuer], services: audience === undefined ? [] : [audience] },
    credentials: options.credentials,
    internalTokens: options.internalTokens ?? [],
    undeclared: undeclared satisfies Undeclared,
    stalenessMs: within('staleness', options.staleness ?? 2, 0.5, 60) * 1000,
    clockTolerance: within('clockTolerance', options.clockTolerance ?? 60, 0, 300),
    timeoutMs: within('timeout', options.timeout ?? 2, 0.1, 60) * 1000,
    rememberedTokens: within('rememberedTokens', options.rememberedTokens ?? 10_000, 2, 1_000_000),
    fetch: options.fetch ?? globalThis.fetch,
    onFault: options.onFault ?? (() => undefined),
  };
}

function tenantsOf(tenants: GatehouseOptions['tenants']): (tenantId: string) => boolean {
  if (tenants === 'all') return () => true;
  // SECURITY: a setting that is missing must not let everybody in, nor nobody without a word.
  if (
    !Array.isArray(tenants) ||
    tenants.length === 0 ||
    !tenants.every((id) => typeof id === 'string' && id !== '')
  )
    throw new TypeError("tenants is 'all', or a list of ids of tenants");
  const named = new Set<string>(tenants);
  return (tenantId) => named.has(tenantId);
}

function addressOf(name: string, value: string): string {
  const isAddress =
    typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  if (!isAddress || value.endsWith('/'))
    throw new TypeError(`${name} is an http or https address without a slash at its end`);
  return value;
}

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) throw new TypeError(`${name} is between ${least} and ${most}`);
  return value;
}
