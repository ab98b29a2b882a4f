/** At most so many, of so many characters: what a provider says is no reason for a page without end. */
const MOST = 100;
const LONGEST = 1000;

/** What belongs to the sign-in and not to the person: of no use to whoever looks, and partly good once more. */
const OF_THE_PROTOCOL = new Set(['nonce', 'at_hash', 'c_hash', 's_hash', 'jti', 'rh', 'uti']);
const SECRET = /token|secret|password|assertion|^code$/i;
const SIGNED = /\beyJ[\w-]*\.[\w-]+\./;
const WITHHELD = '…';

/**
 * What a provider said, for whoever tries its connection.
 *
 * SECURITY: names and values only; a provider that puts a token into a claim must not have it shown (threat 37).
 */
export const shownClaims = (claims: Readonly<Record<string, unknown>>): { name: string; value: string }[] =>
  Object.entries(claims)
    .filter(([name, value]) => !OF_THE_PROTOCOL.has(name) && value !== undefined)
    .slice(0, MOST)
    .map(([name, value]) => ({ name: shown(name), value: SECRET.test(name) ? WITHHELD : shown(value) }));

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (SIGNED.test(text)) return WITHHELD;
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
