import type { FactorKind, SecondFactorProof } from '@gatehouse/contracts';
import { isSameSecret, randomSecret, totpStepOf } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import type { Deps } from '../../deps.ts';
import { passkey } from '../passkeys/passkey-method.ts';
import { openSecret, type Owner } from '../sealed-credentials.ts';
import type { Place } from './attempts.ts';
import { type SealedFactor, spendBackupCode, spendStep } from './factors.repo.ts';

/** A credential that the proof belongs to, and what has to be spent of it. */
export interface Found {
  id: string;
  /** The time step of a TOTP code. */
  step?: number;
  /** Of a passkey: its counter, and the challenge that it answered. */
  passkey?: { counter: number; token: string; place: Place };
  /** It is right, and must not be taken: there may be two of it. */
  isCopy?: boolean;
}

/** A kind of second factor. Another kind is one more of these, and a member of `SecondFactorProof`. */
export interface Method {
  kind: FactorKind;
  /** What a session has it in `amr` as (RFC 8176), besides `mfa`. */
  amr: string;
  /** Whether its proof is among those that were sent. */
  isGiven(proof: SecondFactorProof): boolean;
  /** The credential that it proves, by comparisons in constant time; it spends nothing. */
  find(
    deps: Deps,
    of: { owner: Owner; rows: readonly SealedFactor[]; place: Place },
    proof: SecondFactorProof,
  ): Promise<Found | undefined>;
  /** Spends it by one conditional statement: of many at once, one is told true. */
  spend(deps: Deps, tx: TenantTx, found: Found): Promise<boolean>;
}

const totp: Method = {
  kind: 'totp',
  amr: 'otp',
  isGiven: ({ totp_code: code }) => code !== undefined,
  async find(deps, { owner, rows }, { totp_code: code = '' }) {
    const now = deps.clock.now();
    let found: Found | undefined;
    for (const { id, secret_sealed: sealed, last_step: last } of rows) {
      const step = totpStepOf(openSecret(deps.sealer, 'totp', owner, sealed), code, now);
      // A code that was taken before is a wrong one: it must not clear the counter of failures.
      if (step !== undefined && (last === null || step > Number(last))) found ??= { id, step };
    }
    return found;
  },
  spend: (deps, tx, { id, step = 0 }) => spendStep(tx, id, step, deps.clock.now()),
};

const backupCode: Method = {
  kind: 'backup_code',
  amr: 'otp',
  isGiven: ({ backup_code: code }) => code !== undefined,
  async find(deps, { owner, rows }, { backup_code: code = '' }) {
    const hash = hashBackupCode(deps, owner, code);
    let found: Found | undefined;
    for (const { id, secret_sealed: sealed } of rows)
      if (isSameSecret(openSecret(deps.sealer, 'backup_code', owner, sealed), hash)) found ??= { id };
    return found;
  },
  spend: (_deps, tx, { id }) => spendBackupCode(tx, id),
};

export const METHODS: readonly Method[] = [passkey, totp, backupCode];

// Crockford's base 32: no letter that looks like a digit.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 10;

/** Fifty random bits, in two groups as people read them. */
export function newBackupCode(): string {
  const text = [...randomSecret(LENGTH)].map((byte) => ALPHABET[byte & 31]).join('');
  return `${text.slice(0, LENGTH / 2)}-${text.slice(LENGTH / 2)}`;
}

const normalised = (code: string): string =>
  code.toUpperCase().replaceAll('-', '').replaceAll(/[IL]/g, '1').replaceAll('O', '0');

/** Under the key that stays when the master key changes: a code lies in a drawer for years, and is good then. */
export const hashBackupCode = (deps: Pick<Deps, 'blindIndex'>, { userId }: Owner, code: string): Buffer =>
  deps.blindIndex.of('backup code', userId, normalised(code));
