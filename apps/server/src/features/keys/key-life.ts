import { generateSigningKey, type SigningKey } from '../../platform/crypto/index.ts';
import type { SystemTx } from '../../platform/database/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import {
  activateKey,
  deleteKey,
  insertKey,
  type KeyRow,
  listKeys,
  lockKeys,
  orderKey,
  retireActiveKeys,
} from './keys.repo.ts';

export type KeyDeps = Pick<Deps, 'config' | 'doors' | 'sealer' | 'clock' | 'audit'>;
type Alg = Exclude<SigningKey['alg'], 'HS256'>;

/**
 * What these keys are for. SECURITY: a key of one purpose is not read for another, and its private half is sealed for its
 * purpose: a row relabelled in the database does not open (threat 80).
 */
export const PURPOSE = 'access token';
export const contextOf = (kid: string): string => `signing key ${kid}`;

/** For so long others may keep the JWK Set. */
export const JWKS_MAX_AGE_SECONDS = 300;
/** A key is published for so long before it signs: twice what others may keep, for clocks and caches that are late. */
const PUBLISHED_AHEAD_SECONDS = 2 * JWKS_MAX_AGE_SECONDS;
/** The longest life that ACCESS_TOKEN_EXPIRE_MINUTES can give, whatever it says today, and what a late process may add. */
const VERIFIED_AFTER_SECONDS = 24 * 3600 + 300;

const NAMES = { es256: 'ES256', rs256: 'RS256', eddsa: 'EdDSA' } as const;
/** The algorithm of new keys; undefined in HS256 mode, which has none. */
export const algorithmOf = (config: Deps['config']): Alg | undefined =>
  config.tokenAlgorithm === 'hs256' ? undefined : NAMES[config.tokenAlgorithm];

const plus = (time: Date, seconds: number) => new Date(time.getTime() + seconds * 1000);
/** From when a published key may sign. */
export const ripeAt = (key: Pick<KeyRow, 'created_at'>): Date =>
  plus(key.created_at, PUBLISHED_AHEAD_SECONDS);

/**
 * Makes what is missing, lets the next key take over when it is due, and removes what nothing can need any more. The caller
 * holds the lock.
 */
export async function tendKeys(deps: KeyDeps, tx: SystemTx, alg: Alg): Promise<void> {
  const now = deps.clock.now();
  const keys = await listKeys(tx, PURPOSE);
  for (const key of keys)
    if (key.status === 'retired' && key.verifies_until !== null && key.verifies_until <= now)
      await removeKey(deps, tx, key, 'nothing that it signed can be valid any more');
  const { active, next } = await keysInUse(deps, tx, alg);
  const days = deps.config.signingKeyRotationDays;
  const isOld = days > 0 && plus(active.activated_at ?? active.created_at, days * 86_400) <= now;
  const isOrdered = next.signs_from !== null && next.signs_from <= now;
  if (isOrdered || (isOld && ripeAt(next) <= now)) await takeOver(deps, tx, active, next);
}

export type Rotation =
  | { outcome: 'rotated'; active: string; retired: string; verifiesUntil: Date }
  | { outcome: 'ordered'; active: string; next: string; signsFrom: Date }
  | { outcome: 'replaced'; active: string; removed: string[] };

/** Lets the next key take over now, or as soon as it has been published for long enough. */
export function rotateSigningKey(deps: KeyDeps, alg: Alg): Promise<Rotation> {
  return deps.doors.asSystem('rotate signing key', async (tx) => {
    await lockKeys(tx);
    const now = deps.clock.now();
    const { active, next } = await keysInUse(deps, tx, alg);
    if (ripeAt(next) <= now) {
      const verifiesUntil = await takeOver(deps, tx, active, next);
      return { outcome: 'rotated', active: next.kid, retired: active.kid, verifiesUntil };
    }
    const signsFrom = next.signs_from ?? ripeAt(next);
    if (next.signs_from === null) {
      await orderKey(tx, next.kid, signsFrom);
      await record(deps, tx, 'signing_key_rotation_ordered', next.kid, {
        signsFrom: signsFrom.toISOString(),
      });
    }
    return { outcome: 'ordered', active: active.kid, next: next.kid, signsFrom };
  });
}

/**
 * Throws every key away and makes new ones, for when a private half is in other hands: what was signed so far is worth
 * nothing from this moment, and verifiers that keep their JWK Set refuse what is signed until they fetch it again.
 */
export function replaceSigningKeys(deps: KeyDeps, alg: Alg): Promise<Rotation> {
  return deps.doors.asSystem('replace signing keys', async (tx) => {
    await lockKeys(tx);
    const removed = await listKeys(tx, PURPOSE);
    for (const key of removed) await removeKey(deps, tx, key, 'compromised');
    const { active } = await keysInUse(deps, tx, alg);
    return { outcome: 'replaced', active: active.kid, removed: removed.map(({ kid }) => kid) };
  });
}

/** The key that signs and the one after it, made where they are missing. */
async function keysInUse(deps: KeyDeps, tx: SystemTx, alg: Alg): Promise<{ active: KeyRow; next: KeyRow }> {
  for (const status of ['active', 'next'] as const) {
    const keys = await listKeys(tx, PURPOSE);
    if (!keys.some((key) => key.alg === alg && key.status === status)) await makeKey(deps, tx, alg, status);
  }
  const keys = await listKeys(tx, PURPOSE);
  const [active, next] = (['active', 'next'] as const).map((status) =>
    keys.find((key) => key.alg === alg && key.status === status),
  );
  if (!active || !next) throw new Error('a signing key was made and is not there');
  return { active, next };
}

async function makeKey(deps: KeyDeps, tx: SystemTx, alg: Alg, status: 'active' | 'next'): Promise<void> {
  const key = await generateSigningKey(alg);
  const privateSealed = deps.sealer.seal(key.privatePem, contextOf(key.kid));
  const { kid, publicJwk } = key;
  await insertKey(tx, {
    kid,
    alg,
    publicJwk,
    privateSealed,
    status,
    purpose: PURPOSE,
    now: deps.clock.now(),
  });
  await record(deps, tx, 'signing_key_created', kid, { alg, status, purpose: PURPOSE });
}

async function takeOver(deps: KeyDeps, tx: SystemTx, active: KeyRow, next: KeyRow): Promise<Date> {
  const now = deps.clock.now();
  const verifiesUntil = plus(now, VERIFIED_AFTER_SECONDS);
  // Those of other algorithms, too: a deployment that changed its algorithm has no use for them any more.
  await retireActiveKeys(tx, PURPOSE, now, verifiesUntil);
  for (const key of await listKeys(tx, PURPOSE))
    if (key.status === 'next' && key.alg !== next.alg)
      await removeKey(deps, tx, key, 'of an algorithm that is not used');
  await activateKey(tx, next.kid, now);
  await record(deps, tx, 'signing_key_rotated', next.kid, {
    retired: active.kid,
    retiredVerifiesUntil: verifiesUntil.toISOString(),
  });
  await makeKey(deps, tx, next.alg as Alg, 'next');
  return verifiesUntil;
}

async function removeKey(deps: KeyDeps, tx: SystemTx, key: KeyRow, why: string): Promise<void> {
  await deleteKey(tx, key.kid);
  await record(deps, tx, 'signing_key_removed', key.kid, { status: key.status, why });
}

const record = (
  deps: KeyDeps,
  tx: SystemTx,
  action:
    | 'signing_key_created'
    | 'signing_key_rotated'
    | 'signing_key_rotation_ordered'
    | 'signing_key_removed',
  kid: string,
  after: Record<string, string>,
) =>
  deps.audit.recordAsSystem(tx, ROOT_TENANT, {
    action,
    actor: { kind: 'system' },
    resource: { type: 'signing_key', id: kid },
    after,
    request: undefined,
  });
