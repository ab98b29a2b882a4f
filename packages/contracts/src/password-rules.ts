/** bcrypt reads 72 bytes and no more, and stops at a NUL: longer input is refused, never cut (threats 46-48). */
const MAX_PASSWORD_BYTES = 72;

export const fitsBcrypt = (password: string): boolean =>
  new TextEncoder().encode(password).length <= MAX_PASSWORD_BYTES;

/** What a tenant asks of new passwords beyond what everybody asks. */
export interface PasswordRules {
  readonly minLength: number;
  readonly symbol: boolean;
}

/** The rules that a new password misses, each as what it "must". */
export function missedPasswordRules(password: string, { minLength, symbol }: PasswordRules): string[] {
  const rules: [boolean, string][] = [
    [[...password].length >= minLength, `have at least ${minLength} characters`],
    [/\p{Lu}/u.test(password), 'have an upper-case letter'],
    [/\p{Ll}/u.test(password), 'have a lower-case letter'],
    [/\p{Nd}/u.test(password), 'have a digit'],
    [!symbol || /[^\p{L}\p{N}\s]/u.test(password), 'have a character that is neither a letter nor a digit'],
    // SECURITY: bcrypt stops reading at a NUL (CVE-2020-7689).
    [!password.includes('\0'), 'not contain a NUL character'],
  ];
  return rules.filter(([met]) => !met).map(([, rule]) => rule);
}
