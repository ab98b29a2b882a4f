import { setTimeout as delay } from 'node:timers/promises';
import {
  createTokenSigner,
  type KeySet,
  openSigningKey,
  type SigningKey,
  type TokenSigner,
} from '../../platform/crypto/index.ts';
import { entityTagOf } from '../../platform/http/index.ts';
import { algorithmOf, contextOf, type KeyDeps, PURPOSE, tendKeys } from './key-life.ts';
import { type KeyRow, listKeys, lockKeys, tryLockKeys } from './keys.repo.ts';

/** The keys that sign access tokens, as this process knows them: never older than about a second. */
export interface SigningKeys {
  readonly tokens: TokenSigner;
  /** Of the JWK Set as it is published now. */
  readonly entityTag: string;
  /** Takes over what other processes have changed. */
  refresh(): Promise<void>;
  /**
   * For a token by a key that is not known here: looks once more, and says whether it is known now. However many ask, the
   * database is asked twice a second at most.
   */
  learnKeyOf(token: string): Promise<boolean>;
  /** Makes, changes and removes keys as their time comes, in one process at a time. */
  tend(): Promise<void>;
}

/** Between two looks for an unknown key. */
const LOOK_AGAIN_MS = 500;

/** The keys of this deployment, made at the first start. */
export async function createSigningKeys(
  deps: KeyDeps & { onError(error: unknown): void },
): Promise<SigningKeys> {
  const { config, doors } = deps;
  const alg = algorithmOf(config);
  if (alg === undefined) return sharedSecret(config.secretKey);

  const opened = new Map<string, SigningKey>();
  /** SECURITY: a row that does not open under our key was not written by us; it signs nothing and verifies nothing. */
  const open = (row: KeyRow): SigningKey[] => {
    const known = opened.get(row.kid + row.private_sealed);
    if (known) return [known];
    try {
      const privatePem = deps.sealer.open(row.private_sealed, contextOf(row.kid)).toString('utf8');
      const key = openSigningKey({ kid: row.kid, alg: row.alg, privatePem });
      opened.set(row.kid + row.private_sealed, key);
      return [key];
    } catch (error) {
      deps.onError(new Error(`the signing key ${row.kid} is left out`, { cause: error }));
      return [];
    }
  };
  const keySet = (rows: KeyRow[]): KeySet => {
    const all = rows.flatMap(open);
    const kid = rows.find((row) => row.alg === alg && row.status === 'active')?.kid;
    const active = all.find((key) => key.kid === kid);
    if (!active) throw new Error('no active signing key that the key-encryption key opens');
    return { active, all };
  };

  const rows = await doors.asSystem('load signing keys', async (tx) => {
    await lockKeys(tx);
    await tendKeys(deps, tx, alg);
    return listKeys(tx, PURPOSE);
  });
  const tokens = createTokenSigner(keySet(rows));
  const stateOf = (of: KeyRow[]) => of.map((row) => `${row.kid} ${row.status} ${row.private_sealed}`).join();
  let state = stateOf(rows);
  let entityTag = entityTagOf(JSON.stringify(tokens.jwks));

  const refresh = async () => {
    const found = await doors.asSystem('load signing keys', (tx) => listKeys(tx, PURPOSE));
    if (stateOf(found) === state) return;
    tokens.use(keySet(found));
    state = stateOf(found);
    entityTag = entityTagOf(JSON.stringify(tokens.jwks));
  };

  let look: Promise<void> | undefined;
  let lookedAt = -LOOK_AGAIN_MS;
  const lookAgain = async () => {
    await delay(Math.max(0, lookedAt + LOOK_AGAIN_MS - performance.now()));
    // Whoever asks from here on may mean a key that this look does not see: it waits for the next one.
    look = undefined;
    lookedAt = performance.now();
    await refresh();
  };

  return {
    tokens,
    get entityTag() {
      return entityTag;
    },
    refresh,
    async learnKeyOf(token) {
      if (!tokens.isOfUnknownKey(token)) return false;
      await (look ??= lookAgain());
      return !tokens.isOfUnknownKey(token);
    },
    async tend() {
      await doors.asSystem('signing keys', async (tx) => {
        if (await tryLockKeys(tx)) await tendKeys(deps, tx, alg);
      });
      await refresh();
    },
  };
}

/** HS256: one secret of the environment, nothing in the database, nothing published. */
function sharedSecret(secret: string | undefined): SigningKeys {
  if (secret === undefined) throw new Error('HS256 without SECRET_KEY');
  const tokens = createTokenSigner({ secret });
  return {
    tokens,
    entityTag: entityTagOf(JSON.stringify(tokens.jwks)),
    refresh: () => Promise.resolve(),
    learnKeyOf: () => Promise.resolve(false),
    tend: () => Promise.resolve(),
  };
}
