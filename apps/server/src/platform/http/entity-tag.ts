import { sha256 } from '../crypto/index.ts';

/** Weak (RFC 9110 §8.8.1): one tag for the packed and the plain bytes, which say the same. */
export const entityTagOf = (content: string | Buffer): string =>
  `W/"${sha256(content).toString('base64url').slice(0, 22)}"`;

/** Does the caller have it already (RFC 9110 §13.1.2)? Compared weakly, as If-None-Match asks: a proxy may have dropped the W/. */
export const hasEntityTag = (ifNoneMatch: string | undefined, tag: string): boolean =>
  (ifNoneMatch ?? '')
    .split(',')
    .map((item) => item.trim())
    .some((item) => item === '*' || item.replace(/^W\//, '') === tag.replace(/^W\//, ''));
