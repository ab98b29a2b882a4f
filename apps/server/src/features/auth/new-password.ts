import { fitsBcrypt, missedPasswordRules, type PasswordRules } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { isPersonal, type PasswordHolder } from './personal-password.ts';

declare const checked: unique symbol;
/** A password that meets the rules. Only `checkNewPassword` makes one. */
export type NewPassword = string & { readonly [checked]: true };

declare const hashed: unique symbol;
/** The hash of such a password: what `setPassword` takes, so that no route can pass the rules by (threat 42). */
export type NewPasswordHash = string & { readonly [hashed]: true };

/**
 * Checks a password that somebody wants to set by the rules of the tenant that governs it, their home, and by what everybody
 * uses: on every path that sets one, and on no path that only compares. Costs nothing, so that it comes before everything else.
 *
 * @throws {Problem} `password.too_long` over 72 bytes of UTF-8, `password.too_weak` with each rule that it misses,
 *   `password.too_common`
 */
export function checkNewPassword(
  { commonPasswords }: Pick<Deps, 'commonPasswords'>,
  rules: PasswordRules,
  password: string,
  member = 'password',
): NewPassword {
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
  if (commonPasswords.has(password))
    throw new Problem('password.too_common', {
      detail: 'It is among those that are tried first. Take several words that do not belong together.',
    });
  return password as NewPassword;
}

/**
 * The one way to a hash of a new password, and so the last thing that one is judged by: whose it is to be, and whether it was in
 * a breach, where the deployment asks a service that knows (BREACHED_PASSWORDS_URL).
 *
 * Never inside a transaction: the service may take its time, and so does the hash. After whatever entitles to it was looked at,
 * so that nobody makes us ask without.
 *
 * @throws {Problem} `password.too_personal`, `password.breached`, `auth.busy`
 */
export async function hashNewPassword(
  deps: Pick<Deps, 'passwords' | 'breachedPasswords'>,
  password: NewPassword,
  holder: PasswordHolder,
): Promise<NewPasswordHash> {
  if (isPersonal(password, holder))
    throw new Problem('password.too_personal', {
      detail:
        'Whoever knows you would try it. Take something that is neither your name, your address nor your company.',
    });
  if (await deps.breachedPasswords.has(password))
    throw new Problem('password.breached', {
      detail:
        'It stands on lists that attackers work through. Take another, and change it wherever else you use it.',
    });
  return (await deps.passwords.hash(password)) as NewPasswordHash;
}
