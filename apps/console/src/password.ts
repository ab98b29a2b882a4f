/** The rules of a new password, as the server checks them. */
export const passwordRules = {
  length: (password: string) => [...password].length >= 8,
  upper: (password: string) => /\p{Lu}/u.test(password),
  lower: (password: string) => /\p{Ll}/u.test(password),
  digit: (password: string) => /\p{Nd}/u.test(password),
} as const;

/** bcrypt reads 72 bytes; more are refused and not cut. */
export const fitsBcrypt = (password: string): boolean => new TextEncoder().encode(password).length <= 72;

export function unmetRules(password: string): string[] {
  const unmet: string[] = Object.entries(passwordRules)
    .filter(([, isMet]) => !isMet(password))
    .map(([name]) => name);
  return fitsBcrypt(password) ? unmet : [...unmet, 'bytes'];
}
