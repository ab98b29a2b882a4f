import { MAX_PASSWORD_BYTES } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';

/**
 * Checks a password that somebody wants to set: on every path that sets one, and on no path that only compares.
 *
 * @throws {Problem} `password.too_long` over 72 bytes of UTF-8, `password.too_weak` with each rule that it misses.
 */
export function checkNewPassword(password: string): void {
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
  const missed = rules.filter(([met]) => !met).map(([, message]) => ({ path: 'body/password', message }));
  if (missed.length > 0)
    throw new Problem('password.too_weak', {
      detail: `The password ${missed.map((m) => m.message).join(', ')}.`,
      errors: missed,
    });
}
