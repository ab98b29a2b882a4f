import type { Clock } from '../clock.ts';
import { addressIndex } from '../address-index.ts';
import { type BlindIndex, randomSecret, type SealedColumn, type Sealer } from '../crypto/index.ts';
import type { TenantTx } from '../database/index.ts';
import { bytesToUuid, isUuid, newId, type TenantId, uuidToBytes } from '../ids.ts';
import {
  amendToken,
  consumeToken,
  deleteToken,
  deleteTokens,
  insertToken,
  loadToken,
  revokeTokens,
} from './one-time-tokens.repo.ts';

/** What a single-use token is for. One made for one purpose is worth nothing for another (threat 57). */
export type Purpose =
  | 'set-password'
  | 'reset-password'
  | 'registration'
  | 'setup'
  | 'verify-email'
  | 'change-email'
  | 'invitation'
  | 'connection-sign-in'
  | 'connection-link'
  | 'connection-trial'
  | 'second-factor'
  | 'enrolment'
  | 'new-totp'
  | 'new-passkey'
  | 'passkey-sign-in'
  | 'passkey-second-factor'
  | 'passkey-step-up'
  | 'mail-link'
  | 'mail-code';

/** What a token was made with. */
export interface TokenContent {
  subjectId: string | null;
  payload: unknown;
}

declare const spent: unique symbol;
/** Proof that a token has just been spent. Only `consume` makes one: what asks for it cannot be reached by reading alone. */
export type SpentToken = TokenContent & { readonly [spent]: Purpose };

export interface OneTimeTokens {
  /** A new token, for the fragment of a mailed link; only its keyed hash is stored. */
  issue(
    tx: TenantTx,
    purpose: Purpose,
    options: {
      subjectId?: string;
      payload?: unknown;
      lifetimeSeconds: number;
      /** In place of a random one: for whoever can make it again from what they hold (`tokenWith`). Not to be guessed all the same. */
      secret?: string;
    },
  ): Promise<string>;
  /** Spends the token: one conditional UPDATE, so that of many redemptions at once exactly one gets an answer. */
  consume(tx: TenantTx, purpose: Purpose, token: string): Promise<SpentToken | undefined>;
  /** Reads an open token and leaves it open, for what has to be judged before it is spent. It decides nothing: `consume` does. */
  read(tx: TenantTx, purpose: Purpose, token: string): Promise<TokenContent | undefined>;
  /**
   * Adds to what an open token carries, once: one conditional UPDATE. False when it is spent or has been added to. What an address
   * is found by (`forget_address`) stays that of the beginning.
   */
  amend(tx: TenantTx, purpose: Purpose, token: string, payload: unknown): Promise<boolean>;
  /** Removes a token that was spent, with what it carries: not to be kept until the clean-up. */
  remove(tx: TenantTx, purpose: Purpose, token: string): Promise<void>;
  /** Spends what is still open for the subject: a new link ends the old ones. */
  revoke(tx: TenantTx, purpose: Purpose, subjectId: string): Promise<void>;
  /** The same for every purpose there is: the subject is suspended or gone. */
  revokeAll(tx: TenantTx, subjectId: string): Promise<void>;
  /** Removes them with what they carry, spent ones too: the subject is erased. */
  erase(tx: TenantTx, subjectId: string): Promise<void>;
}

/** The tenant that a token names. It proves nothing: the token is judged inside that tenant. */
export function tenantOfToken(token: string): TenantId | undefined {
  const [text, , more] = token.split('.');
  const head = Buffer.from(text ?? '', 'base64url');
  // One token has one spelling: base64url has several of the same bytes.
  if (head.length !== 16 || head.toString('base64url') !== text || more !== undefined) return undefined;
  const id = bytesToUuid(head);
  return isUuid(id) ? (id as TenantId) : undefined;
}

/** The token of a tenant that was made with this secret. */
export const tokenWith = (tenantId: TenantId, secret: string): string =>
  `${uuidToBytes(tenantId).toString('base64url')}.${secret}`;

const contextOf = (tenantId: string, purpose: string) => `one-time ${purpose} ${tenantId}`;

export const TOKEN_PAYLOADS: SealedColumn = {
  table: 'one_time_tokens',
  column: 'payload_sealed',
  key: { tenant_id: 'uuid', id: 'uuid' },
  also: ['purpose'],
  context: (row) => contextOf(String(row.tenant_id), String(row.purpose)),
};

/** The address in a payload, wherever one has it: what is issued cannot forget to say so. */
function addressIn(payload: unknown): string | undefined {
  const email = (payload as { email?: unknown } | null | undefined)?.email;
  return typeof email === 'string' ? email : undefined;
}

export function createOneTimeTokens({
  sealer,
  blindIndex,
  clock,
}: {
  sealer: Sealer;
  blindIndex: BlindIndex;
  clock: Clock;
}): OneTimeTokens {
  // SECURITY: tenant and purpose are inside the hash as well as in the row's key, so that neither can be exchanged.
  const hashesOf = (tenantId: TenantId, purpose: Purpose, secret: string) =>
    sealer.macs(`one-time ${purpose}`, tenantId, secret);
  const open = async (
    find: typeof consumeToken | typeof loadToken,
    tx: TenantTx,
    purpose: Purpose,
    token: string,
  ): Promise<TokenContent | undefined> => {
    const secret = token.split('.')[1];
    if (secret === undefined || tenantOfToken(token) !== tx.tenantId) return undefined;
    const row = await find(tx, purpose, hashesOf(tx.tenantId, purpose, secret), clock.now());
    if (!row) return undefined;
    const payload: unknown =
      row.payload_sealed === null
        ? undefined
        : JSON.parse(sealer.open(row.payload_sealed, contextOf(tx.tenantId, purpose)).toString('utf8'));
    return { subjectId: row.subject_id, payload };
  };
  return {
    async issue(tx, purpose, { subjectId, payload, lifetimeSeconds, secret: own }) {
      const secret = own ?? randomSecret(32).toString('base64url');
      const now = clock.now();
      const email = addressIn(payload);
      await insertToken(tx, {
        id: newId(),
        purpose,
        hash: sealer.mac(`one-time ${purpose}`, tx.tenantId, secret),
        subjectId: subjectId ?? null,
        payloadSealed:
          payload === undefined
            ? null
            : sealer.seal(JSON.stringify(payload), contextOf(tx.tenantId, purpose)),
        address: email === undefined ? null : addressIndex(blindIndex, email),
        now,
        expiresAt: new Date(now.getTime() + lifetimeSeconds * 1000),
      });
      return tokenWith(tx.tenantId, secret);
    },
    consume: async (tx, purpose, token) =>
      (await open(consumeToken, tx, purpose, token)) as SpentToken | undefined,
    read: (tx, purpose, token) => open(loadToken, tx, purpose, token),
    async amend(tx, purpose, token, payload) {
      const secret = token.split('.')[1];
      if (secret === undefined || tenantOfToken(token) !== tx.tenantId) return false;
      const payloadSealed = sealer.seal(JSON.stringify(payload), contextOf(tx.tenantId, purpose));
      return amendToken(tx, purpose, hashesOf(tx.tenantId, purpose, secret), payloadSealed, clock.now());
    },
    async remove(tx, purpose, token) {
      const secret = token.split('.')[1];
      if (secret !== undefined) await deleteToken(tx, purpose, hashesOf(tx.tenantId, purpose, secret));
    },
    revoke: (tx, purpose, subjectId) => revokeTokens(tx, purpose, subjectId, clock.now()),
    revokeAll: (tx, subjectId) => revokeTokens(tx, undefined, subjectId, clock.now()),
    erase: deleteTokens,
  };
}
