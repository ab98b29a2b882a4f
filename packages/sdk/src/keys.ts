import type { JWK } from 'jose';
import { unavailable } from './problem.ts';
import type { GatehouseServer } from './server.ts';
import { openVerifyingKey, type VerifyingKey } from './signature.ts';

/** Public keys of Gatehouse, as its JWKS has them (RFC 7517 §5). */
export interface Keys {
  /** The key of this `kid`; where it is not known, after another look, unless the last one is too young. */
  find(kid: string): VerifyingKey | undefined | Promise<VerifyingKey | undefined>;
  /** Looks again when the last look is old. */
  refresh(): void;
}

/** Milliseconds after which a look is repeated: Gatehouse publishes a key long before it signs with it. */
const OLD_MS = 300_000;
/** SECURITY: whoever makes up a `kid` for each request must not make us ask for each. */
const FLOOR_MS = 10_000;
/** A look that failed says nothing about any `kid`, and is soon repeated. */
const RETRY_MS = 1000;

/** @param onGone - called with the `kid` of each key that is no longer published: what it signed counts no more. */
export function createKeys(server: GatehouseServer, now: () => number, onGone: (kid: string) => void): Keys {
  let known = new Map<string, VerifyingKey>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const set = await server.getJson<{ keys?: unknown }>('/.well-known/jwks.json');
    const jwks = Array.isArray(set.keys) ? (set.keys as JWK[]).slice(0, 100) : [];
    const opened = await Promise.all(jwks.map((jwk) => openVerifyingKey(jwk)));
    const next = new Map<string, VerifyingKey>();
    for (const key of opened) if (key !== undefined) next.set(key.kid, known.get(key.kid) ?? key);
    const gone = [...known.keys()].filter((kid) => !next.has(kid));
    known = next;
    lookedAt = now();
    for (const kid of gone) onGone(kid);
  }
  const lookOnce = (): Promise<void> =>
    (looking ??= look()
      .catch((error: unknown) => {
        failedAt = now();
        throw unavailable(error);
      })
      .finally(() => {
        looking = undefined;
      }));

  return {
    find(kid) {
      const key = known.get(kid);
      if (key !== undefined || now() - lookedAt < FLOOR_MS) return key;
      if (now() - failedAt < RETRY_MS) throw unavailable();
      return lookOnce().then(() => known.get(kid));
    },
    refresh() {
      // A look that fails leaves what is known; whether tokens still count, the feed says.
      if (now() - lookedAt > OLD_MS && now() - failedAt > FLOOR_MS) lookOnce().catch(() => undefined);
    },
  };
}
