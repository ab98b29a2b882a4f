import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';

const MAX_DEPTH = 32;
// In a text that JSON.parse took, a string before a colon is a member's name and nothing else is.
const NAMES = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/** Replaces Fastify's JSON parser by one that refuses duplicate names, deep nesting and what is not Unicode. */
export function installJsonParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/json(?:;.*)?$/i, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

/**
 * Parses JSON strictly.
 *
 * SECURITY: of two members with one name, one reader takes the first and another the last, so that what was checked is
 * not what is used (threats 6 and 29; RFC 8259 §4).
 *
 * @throws {Problem} `request.malformed`
 */
export function parseJson(body: Buffer): unknown {
  // SECURITY: a decoder that mends turns different bytes into the same text: two passwords, one hash (RFC 8259 §8.1).
  if (!isUtf8(body)) throw new Problem('request.malformed', { detail: 'The body is not valid UTF-8.' });
  const text = body.toString('utf8');
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('request.malformed', { detail: 'The body is not valid JSON.' });
  }
  let written = 0;
  for (const match of text.matchAll(NAMES)) if (match[1] !== undefined) written += 1;
  if (written !== countNames(value, text.includes('\\u'))) {
    throw new Problem('request.malformed', { detail: 'The body names a member twice.' });
  }
  return value;
}

/** Counts the members; refuses what is nested too deep, and halves of surrogate pairs, which only escapes can write. */
function countNames(root: unknown, hasEscapes: boolean): number {
  let count = 0;
  const open: [unknown, number][] = [[root, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, depth] = next;
    if (hasEscapes && !isWellFormed(value))
      throw new Problem('request.malformed', {
        detail: 'The body has half of a surrogate pair (RFC 7493 §2.1).',
      });
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH)
      throw new Problem('request.malformed', {
        detail: `The body is nested deeper than ${MAX_DEPTH} levels.`,
      });
    const members = Object.values(value);
    if (!Array.isArray(value)) count += members.length;
    for (const member of members) open.push([member, depth + 1]);
  }
  return count;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return (
    typeof value !== 'object' || value === null || Object.keys(value).every((name) => name.isWellFormed())
  );
}
