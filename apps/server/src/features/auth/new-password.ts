import { fitsBcrypt, missedPasswordRules, type PasswordRules } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';

declare const checked: unique symbol;
/** A password that meets the rules. Only `checkNewPassword` makes one. */
export type NewPassword = string & { readonly [checked]: true };

declare const hashed: unique symbol;
/** The hash of such a password: what `setPassword` takes, so that no route can pass the rules by (threat 42). */
export type NewPasswordHash = string & { readonly [hashed]: true };

/**
 * Checks a password that somebody wants to set by the rules of the tenant that governs it, their home: on every path that sets
 * one, and on no path that only compares.
 *
 * @throws {Problem} `password.too_long` over 72 bytes of UTF-8, `password.too_weak` with each rule that it misses.
 */
export function checkNewPassword(rules: PasswordRules, password: string, member = 'password'): NewPassword {
  if (!fitsBcrypt(password)) {
    throw new Problem('password.too_long', {
      detail: 'Use at most 72 bytes; accented letters and emoji take several each.',
    });
  }
  const missed = missedPasswordRules(password, rules).map((rule) => ({
    path: `body/${member}`,
    message: `must ${rule}`,
  }));
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
