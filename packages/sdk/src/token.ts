import { type Claims, readJsonPart } from './json-part.ts';
import type { Keys } from './keys.ts';
import type { VerifyingKey } from './signature.ts';

const HEADER = new Set(['alg', 'kid', 'typ']);
const LONGEST = 8192;

interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
}

/**
 * The header of a compact JWS of this type; undefined for anything else.
 *
 * SECURITY: a token chooses a key by `kid` and says nothing else about how it is judged: with `jwk`, `jku`, `x5u`, `x5c` or `crit`
 * it is refused (RFC 8725 §3.1, §3.5; threat 61).
 */
function readHeader(token: string, types: readonly string[], longest: number): TokenHeader | undefined {
  if (token.length > longest) return undefined;
  const dot = token.indexOf('.');
  const header = dot > 0 ? readHeaderOnce(token.slice(0, dot)) : undefined;
  if (header === undefined || !types.includes(header.typ as string)) return undefined;
  const { alg, kid } = header;
  return typeof kid === 'string' && typeof alg === 'string' ? { alg, kid } : undefined;
}

/** Headers are as few as keys, so that reading one twice is for nothing; the last that was right is kept. */
let lastHeader: { part: string; header: Claims } | undefined;

function readHeaderOnce(part: string): Claims | undefined {
  if (lastHeader?.part === part) return lastHeader.header;
  const header = readJsonPart(part);
  if (header === undefined || !Object.keys(header).every((name) => HEADER.has(name))) return undefined;
  lastHeader = { part, header };
  return header;
}

/**
 * The claims of a token whose type and signature hold; undefined for anything else. What the claims say is the caller's to judge.
 *
 * @param types - values of `typ` that will do (RFC 8725 §3.11).
 * @param longest - characters at most.
 * @throws AccessProblem `service.unavailable` when its key is not known and cannot be asked for.
 */
export function verifySignature(
  token: string,
  types: readonly string[],
  keys: Keys,
  longest = LONGEST,
): Claims | undefined | Promise<Claims | undefined> {
  const header = readHeader(token, types, longest);
  if (header === undefined) return undefined;
  const key = keys.find(header.kid);
  return key instanceof Promise
    ? key.then((found) => checkWith(found, header, token))
    : checkWith(key, header, token);
}

function checkWith(key: VerifyingKey | undefined, header: TokenHeader, token: string) {
  if (key === undefined || key.alg !== header.alg) return undefined;
  const first = token.indexOf('.');
  const last = token.lastIndexOf('.');
  if (first === last || token.indexOf('.', first + 1) !== last) return undefined;
  const read = (isRight: boolean) => (isRight ? readJsonPart(token.slice(first + 1, last)) : undefined);
  const right = key.check(token);
  return right instanceof Promise ? right.then(read) : read(right);
}
