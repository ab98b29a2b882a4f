import type { Caller } from './caller.ts';

const FEWEST = 32;

const INTERNAL: Caller = Object.freeze({
  kind: 'internal',
  id: 'internal',
  tenantId: '',
  roles: Object.freeze([]),
  scopes: Object.freeze([]),
  amr: Object.freeze([]),
  claims: Object.freeze({}),
});

/**
 * Judges the shared secret between two control planes (`X-Internal-Token`, spec M2): whoever knows it is one of them, and nothing says
 * which. For compatibility; services have tokens of their own. Two values may live, so that it can be changed while both run.
 *
 * @throws TypeError for more than two values, or one that is too short to be a secret.
 */
export function createInternalToken(values: readonly string[]): (presented: string) => Caller | undefined {
  if (values.length > 2) throw new TypeError('internalTokens: two values can live at a time');
  if (values.some((value) => typeof value !== 'string' || value.length < FEWEST))
    throw new TypeError(`internalTokens: a value has at least ${FEWEST} characters`);
  const encoder = new TextEncoder();
  const secrets = values.map((value) => encoder.encode(value));
  return (presented) => {
    const bytes = encoder.encode(presented);
    // SECURITY: all values are compared, each to its end, so that the time says nothing but lengths.
    const matching = secrets.filter((secret) => isSame(secret, bytes));
    return matching.length > 0 ? INTERNAL : undefined;
  };
}

function isSame(secret: Uint8Array, presented: Uint8Array): boolean {
  let difference = secret.length ^ presented.length;
  for (let at = 0; at < secret.length; at += 1) difference |= (secret[at] ?? 0) ^ (presented[at] ?? 0);
  return difference === 0;
}
