import type { Config } from '../../config/index.ts';
import type { Clock } from '../../platform/clock.ts';
import {
  createTokenSigner,
  generateSigningKey,
  type Sealer,
  type SigningKey,
  type TokenSigner,
} from '../../platform/crypto/index.ts';
import type { Doors } from '../../platform/database/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Audit } from '../audit/index.ts';
import { insertKey, listKeys } from './keys.repo.ts';

const NAMES = { es256: 'ES256', rs256: 'RS256', eddsa: 'EdDSA' } as const;

/** The signer of this deployment: its active key, made at the first start, and every key that may still verify. */
export async function loadTokenSigner(deps: {
  config: Config;
  doors: Doors;
  sealer: Sealer;
  clock: Clock;
  audit: Audit;
}): Promise<TokenSigner> {
  const { config, doors, sealer, clock, audit } = deps;
  if (config.tokenAlgorithm === 'hs256') {
    if (config.secretKey === undefined) throw new Error('HS256 without SECRET_KEY');
    return createTokenSigner({ secret: config.secretKey });
  }
  const alg = NAMES[config.tokenAlgorithm];
  const keys = await doors.asSystem('load signing keys', async (tx) => {
    let rows = await listKeys(tx);
    if (!rows.some((row) => row.alg === alg)) {
      const key = generateSigningKey(alg);
      const privateSealed = sealer.seal(key.privatePem, contextOf(key.kid));
      if (await insertKey(tx, { ...key, privateSealed, now: clock.now() })) {
        await audit.recordAsSystem(tx, ROOT_TENANT, {
          action: 'signing_key_created',
          actor: { kind: 'system' },
          resource: { type: 'signing_key', id: key.kid },
          after: { alg },
          request: undefined,
        });
      }
      rows = await listKeys(tx);
    }
    return rows.map(
      (row): SigningKey => ({
        kid: row.kid,
        alg: row.alg as SigningKey['alg'],
        publicJwk: row.public_jwk as unknown as SigningKey['publicJwk'],
        privatePem: sealer.open(row.private_sealed, contextOf(row.kid)).toString('utf8'),
      }),
    );
  });
  const active = keys.find((key) => key.alg === alg);
  if (!active) throw new Error('no active signing key');
  return createTokenSigner({ active, all: keys });
}

const contextOf = (kid: string) => `signing key ${kid}`;
