import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

/** RFC 6238 as authenticator apps understand it everywhere: SHA-1, six digits, thirty seconds. */
const PERIOD = 30;
const FORM = { algorithm: 'SHA1', digits: 6, period: PERIOD } as const;
/** Steps before and after the present one that count, for clocks that are off (RFC 6238 §5.2); no more (threat 40). */
const WINDOW = 1;

/** 160 bits, as RFC 4226 §4 recommends. */
export const newTotpSecret = (): Buffer => randomBytes(20);

const asSecret = (secret: Buffer): Secret => new Secret({ buffer: new Uint8Array(secret).buffer });

/** The secret in base32, and the key URI that the QR code says. */
export function describeTotp(secret: Buffer, of: { issuer: string; label: string }) {
  const made = new TOTP({ ...FORM, ...of, secret: asSecret(secret) });
  return { secret: made.secret.base32, uri: made.toString() };
}

/**
 * The time step whose code this is, or undefined. Each candidate is compared in constant time.
 *
 * It says nothing of whether the code was used before: that is the database's to decide, by the step.
 */
export function totpStepOf(secret: Buffer, code: string, now: Date): number | undefined {
  const timestamp = now.getTime();
  const delta = TOTP.validate({ ...FORM, secret: asSecret(secret), token: code, timestamp, window: WINDOW });
  return delta === null ? undefined : Math.floor(timestamp / 1000 / PERIOD) + delta;
}
