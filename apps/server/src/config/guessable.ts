/** Words that stand where a secret belongs, in examples and in haste. Five letters at least: random keys must not hold one. */
const PLACEHOLDERS =
  /change.?(me|this|it)|default|example|placeholder|your.{0,4}(key|secret|pass)|secret|passw|admin|gatehouse|welcome|letmein|qwerty|123456|abcdef/i;

/** Passwords that products ship with. */
const SHIPPED = new Set([
  'postgres',
  'password',
  'pass',
  'admin',
  'root',
  'secret',
  'changeme',
  'change-me',
  'gatehouse',
  'redis',
  'valkey',
  'guest',
  'test',
  'user',
  '123456',
]);

/**
 * Would a stranger try this secret? Placeholders, repeated patterns and the like (threats 73 and 74): a secret that was
 * drawn at random is none of it.
 */
export const isGuessable = (secret: string): boolean => PLACEHOLDERS.test(secret) || repeats([...secret]);

/** The same of a key's bytes: a pattern, a count, or text that somebody typed. */
export function isGuessableKey(key: Buffer): boolean {
  const steps = new Set(key.map((byte, i) => (i === 0 ? 0 : (byte - (key[i - 1] ?? 0)) & 255)).subarray(1));
  return steps.size === 1 || repeats([...key]) || key.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** The password inside a URL, when it is one that products ship with. */
export function hasShippedPassword(url: string | undefined): boolean {
  if (url === undefined) return false;
  return SHIPPED.has(decodeURIComponent(new URL(url).password).toLowerCase());
}

/** Is it a pattern that comes again, the last time perhaps cut short? */
function repeats(items: readonly unknown[]): boolean {
  for (let period = 1; period <= items.length / 2; period += 1)
    if (items.every((item, i) => i < period || item === items[i - period])) return true;
  return false;
}
