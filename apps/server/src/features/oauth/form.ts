import { isUtf8 } from 'node:buffer';
import { Problem } from '../../platform/http/index.ts';

/**
 * The members of a form (application/x-www-form-urlencoded).
 *
 * @throws {Problem} `request.malformed`
 */
export function readForm(body: Buffer): Record<string, string> {
  if (!isUtf8(body)) throw new Problem('request.malformed', { detail: 'The form is not valid UTF-8.' });
  const read = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    // SECURITY: of two with one name one reader takes the first and another the last (RFC 6749 §3.2, threat 6).
    if (read.has(name)) throw new Problem('request.malformed', { detail: 'The form has a member twice.' });
    read.set(name, value);
  }
  return Object.fromEntries(read);
}
