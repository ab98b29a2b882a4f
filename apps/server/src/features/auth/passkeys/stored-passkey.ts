import type { PasskeyAnswer } from '@gatehouse/contracts';
import { NOBODYS_PASSKEY, type PasskeyKey, verifyPasskeyAnswer } from '../../../platform/crypto/index.ts';
import type { Deps } from '../../deps.ts';
import { openSecret, type Owner, sealSecret } from '../sealed-credentials.ts';
import { getRelyingParty } from './relying-party.ts';

/** What is kept of a passkey, sealed to its owner: its public key is what decides who comes in. */
interface StoredPasskey extends PasskeyKey {
  transports: string[];
}

export interface SealedPasskey {
  id: string;
  secret_sealed: string;
  /** The newest signature counter that was taken. */
  sign_count: string | null;
}

export const sealPasskey = (deps: Pick<Deps, 'sealer'>, owner: Owner, passkey: StoredPasskey): string =>
  sealSecret(deps.sealer, 'passkey', owner, Buffer.from(JSON.stringify(passkey)));

const openPasskey = (deps: Pick<Deps, 'sealer'>, owner: Owner, sealed: string): StoredPasskey =>
  JSON.parse(openSecret(deps.sealer, 'passkey', owner, sealed).toString('utf8')) as StoredPasskey;

/** By which a passkey is found. Under the key that stays when the master key changes. */
export const passkeyIndex = (deps: Pick<Deps, 'blindIndex'>, credentialId: string): Buffer =>
  deps.blindIndex.of('passkey', credentialId);

/**
 * What authenticators know an account by (WebAuthn §5.4.3, user handle): random to everybody else, the same for all passkeys of the
 * account, and gone with its id.
 */
export const userHandle = (deps: Pick<Deps, 'blindIndex'>, { tenantId, userId }: Owner): string =>
  deps.blindIndex.of('passkey user', tenantId, userId).toString('base64url');

/** For `allowCredentials` and `excludeCredentials`. */
export const describePasskeys = (
  deps: Pick<Deps, 'sealer'>,
  owner: Owner,
  rows: readonly SealedPasskey[],
): { type: 'public-key'; id: string; transports?: string[] }[] =>
  rows.map(({ secret_sealed: sealed }) => {
    const { id, transports } = openPasskey(deps, owner, sealed);
    return { type: 'public-key', id, ...(transports.length > 0 && { transports }) };
  });

/** A passkey that gave a right answer. */
export interface AnsweredPasskey {
  id: string;
  counter: number;
  /** Its counter did not go on from where it was: there may be two of it (WebAuthn §6.1.1). */
  isCopy: boolean;
}

/**
 * Which of somebody's passkeys gave this answer to the challenge. Where it is none of them, or there is nobody, the answer is
 * compared with nobody's: that costs as much.
 */
export async function judgePasskey(
  deps: Pick<Deps, 'config' | 'sealer' | 'blindIndex'>,
  owner: Owner | undefined,
  rows: readonly SealedPasskey[],
  answer: PasskeyAnswer,
  challenge: string,
): Promise<AnsweredPasskey | undefined> {
  const { id: rpId, origin } = getRelyingParty(deps.config);
  const held = owner ? rows.map((row) => ({ row, key: openPasskey(deps, owner, row.secret_sealed) })) : [];
  const meant = held.find(({ key }) => key.id === answer.id);
  const expected = { challenge, origin, rpId };
  const counter = await verifyPasskeyAnswer(answer, expected, meant?.key ?? NOBODYS_PASSKEY);
  if (owner === undefined || meant === undefined || counter === undefined) return undefined;
  const said = answer.response.userHandle;
  if (said !== undefined && said !== userHandle(deps, owner)) return undefined;
  const last = Number(meant.row.sign_count);
  return { id: meant.row.id, counter, isCopy: counter <= last && (counter > 0 || last > 0) };
}
