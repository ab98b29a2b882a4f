import { MAX_PASSWORD_BYTES } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';

declare const checked: unique symbol;
/** A password that meets the rules. Only `checkNewPassword` makes one. */
export type NewPassword = string & { readonly [checked]: true };

declare const hashed: unique symbol;
/** The hash of such a password: what `setPassword` takes, so that no route can pass the rules by (threat 42). */
export type NewPasswordHash = string & { readonly [hashed]: true };

/**
 * Checks a password that somebody wants to set: on every path that sets one, and on no path that only compares.
 *
 * @throws {Problem} `password.too_long` over 72 bytes of UTF-8, `password.too_weak` with each rule that it misses.
 */
export function checkNewPassword(password: string, member = 'password'): NewPassword {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw new Problem('password.too_long', {
      detail: 'Use at most 72 bytes; accented letters and emoji take several each.',
    });
  }
  const rules: [boolean, string][] = [
    [[...password].length >= 8, 'must have at least 8 characters'],
    [/\p{Lu}/u.test(password), 'must have an upper-case letter'],
    [/\p{Ll}/u.test(password), 'must have a lower-case letter'],
    [/\p{Nd}/u.test(password), 'must have a digit'],
    // SECURITY: bcrypt stops reading at a NUL (CVE-2020-7689).
    [!password.includes('\0'), 'must not contain a NUL character'],
  ];
  const missed = rules.filter(([met]) => !met).map(([, message]) => ({ path: `body/${member}`, message }));
  if (missed.length > 0)
    throw new Problem('password.too_weak', {
      detail: `The password ${missed.map((m) => m.message).join(', ')}.`,
      errors: missed,
    });
  return password as NewPassword;
}

/** @throws {Problem} `auth.busy` */
export const hashNewPassword = async (
  deps: Pick<Deps, 'passwords'>,
  password: NewPassword,
): Promise<NewPasswordHash> => (await deps.passwords.hash(password)) as NewPasswordHash;
