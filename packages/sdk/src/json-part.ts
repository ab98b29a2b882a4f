/** Claims or header members of a JWT (RFC 7519 §4). */
export type Claims = Readonly<Record<string, unknown>>;

const bytesAsText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The JSON object in one part of a token; undefined for anything else.
 *
 * SECURITY: what Gatehouse wrote reads back as it stands. A name that is given twice, of which readers take different ones, does not
 * (RFC 7519 §4, threat 61).
 */
export function readJsonPart(part: string): Claims | undefined {
  try {
    const text = decodeText(part);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return JSON.stringify(value) === text ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const PLAIN = /^[\x00-\x7f]*$/;

function decodeText(part: string): string {
  if (!BASE64URL.test(part)) throw new TypeError('no base64url');
  const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  return PLAIN.test(bytes) ? bytes : bytesAsText.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}
