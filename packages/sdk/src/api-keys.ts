import type { Revocation } from '@gatehouse/contracts';
import type { Caller } from './caller.ts';
import type { Introspect } from './introspection.ts';
import { invalidToken } from './problem.ts';
import type { Revoked } from './revoked.ts';
import { TwoGenerations } from './two-generations.ts';

/** API keys (spec M4): opaque, so that Gatehouse says what they open, and the feed says when that is over. */
export interface ApiKeys {
  /**
   * @param address - of the client; a key that is bound to addresses opens nothing without it.
   * @throws AccessProblem `auth.token_invalid`, or `service.unavailable` when Gatehouse does not answer.
   */
  find(key: string, address: string | undefined): Caller | Promise<Caller>;
  onEntry(entry: Pick<Revocation, 'kind'>): void;
}

const KEPT_MS = 10_000;
/** An answer may be as old as what Gatehouse remembers, and a node learns of a change later than the one that tells it. */
const SETTLED = 2;

interface Known {
  readonly caller: Caller;
  readonly askedAt: number;
}

export function createApiKeys(deps: {
  introspect: Introspect;
  revoked: Pick<Revoked, 'ends'>;
  isKnownAbout(tenantId: string): boolean;
  now(): number;
}): ApiKeys {
  const { now } = deps;
  const known = new TwoGenerations<Known>(10_000);
  let countsFrom = Number.NEGATIVE_INFINITY;

  const isCurrent = ({ caller, askedAt }: Known): boolean =>
    deps.isKnownAbout(caller.tenantId) &&
    now() - askedAt < KEPT_MS &&
    askedAt >= countsFrom &&
    // SECURITY: judged as if it were older than it says, so that no answer outlives the change that it did not know of yet.
    !deps.revoked.ends({ ...caller.claims, iat: Number(caller.claims.iat) - SETTLED });

  async function ask(key: string, address: string | undefined, place: string): Promise<Caller> {
    const askedAt = now();
    const answer = await deps.introspect(key, address);
    const { api_key_id: id, tenant_id: tenantId, scope, iat } = answer ?? {};
    if (answer === undefined || typeof id !== 'string' || typeof tenantId !== 'string') throw invalidToken();
    const caller: Caller = Object.freeze({
      kind: 'api_key' as const,
      id,
      tenantId,
      ...(typeof answer.home_tenant_id === 'string' && { homeTenantId: answer.home_tenant_id }),
      ...(typeof answer.client_id === 'string' && { clientId: answer.client_id }),
      roles: Object.freeze([]),
      scopes: Object.freeze(typeof scope === 'string' ? scope.split(' ').filter((each) => each !== '') : []),
      amr: Object.freeze([]),
      claims: Object.freeze({ ...answer }),
    });
    if (typeof iat === 'number') known.set(place, { caller, askedAt });
    return caller;
  }

  return {
    find(key, address) {
      const place = `${address ?? ''} ${key}`;
      const found = known.get(place);
      return found !== undefined && isCurrent(found) ? found.caller : ask(key, address, place);
    },
    onEntry({ kind }) {
      // What roles hold has changed, and with it what their holders' keys open.
      if (kind === 'access') countsFrom = now() + SETTLED * 1000;
    },
  };
}
