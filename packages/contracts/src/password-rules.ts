/** bcrypt reads 72 bytes and no more, and stops at a NUL: longer input is refused, never cut (threats 46-48). */
const MAX_PASSWORD_BYTES = 72;

export const fitsBcrypt = (password: string): boolean =>
  new TextEncoder().encode(password).length <= MAX_PASSWORD_BYTES;

/** What a tenant asks of new passwords beyond what everybody asks. */
export interface PasswordRules {
  readonly minLength: number;
  readonly symbol: boolean;
}

/** What is asked where no tenant has said more, and of people whose tenant is not known yet. */
export const DEFAULT_PASSWORD_RULES: PasswordRules = { minLength: 8, symbol: false };

interface Rule {
  isMet(password: string, rules: PasswordRules): boolean;
  /** What a password "must". */
  must(rules: PasswordRules): string;
}

/** The rules of a new password: for the server that checks them, and for pages that say so while one types. */
export const passwordRules = {
  length: {
    isMet: (password, { minLength }) => [...password].length >= minLength,
    must: ({ minLength }) => `have at least ${minLength} characters`,
  },
  upper: { isMet: (password) => /\p{Lu}/u.test(password), must: () => 'have an upper-case letter' },
  lower: { isMet: (password) => /\p{Ll}/u.test(password), must: () => 'have a lower-case letter' },
  digit: { isMet: (password) => /\p{Nd}/u.test(password), must: () => 'have a digit' },
  symbol: {
    isMet: (password, { symbol }) => !symbol || /[^\p{L}\p{N}\s]/u.test(password),
    must: () => 'have a character that is neither a letter nor a digit',
  },
} satisfies Record<string, Rule>;
export type PasswordRule = keyof typeof passwordRules;

/** The rules that a tenant asks for, by name, for pages that list them. */
export const askedRules = ({ symbol }: PasswordRules): [string, Rule][] =>
  Object.entries<Rule>(passwordRules).filter(([name]) => symbol || name !== 'symbol');

/** The names of the rules that a new password misses, and `bytes` for one that bcrypt would cut. */
export function unmetPasswordRules(
  password: string,
  rules = DEFAULT_PASSWORD_RULES,
): (PasswordRule | 'bytes')[] {
  const names = Object.keys(passwordRules) as PasswordRule[];
  const unmet = names.filter((name) => !passwordRules[name].isMet(password, rules));
  return fitsBcrypt(password) ? unmet : [...unmet, 'bytes'];
}

/** The rules that a new password misses, each as what it "must". */
export function missedPasswordRules(password: string, rules: PasswordRules): string[] {
  const missed = Object.values<Rule>(passwordRules)
    .filter(({ isMet }) => !isMet(password, rules))
    .map(({ must }) => must(rules));
  // SECURITY: bcrypt stops reading at a NUL (CVE-2020-7689).
  if (password.includes('\0')) missed.push('not contain a NUL character');
  return missed;
}
