// Writes apps/server/src/platform/known-passwords/popular-passwords.bin from the two lists that its LICENSES.txt names:
//
//   node scripts/popular-passwords.mjs common-passwords.txt.gz passwords.json
//
// They are in the packages Django 5.2.19 (django/contrib/auth/, from PyPI) and @zxcvbn-ts/language-common 3.0.4 (src/, from npm).
// Kept are words that could be a password here, eight characters or longer, and words of letters that somebody could put a
// digit to. Of each, the first five bytes of its SHA-256, sorted: nothing to parse, and nothing to read to anybody.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { gunzipSync } from 'node:zlib';
import { root } from './bundled-node.mjs';

const [django, zxcvbn] = process.argv.slice(2);
if (django === undefined || zxcvbn === undefined) {
  process.stderr.write(
    'Name common-passwords.txt.gz of Django and passwords.json of @zxcvbn-ts/language-common.\n',
  );
  process.exit(2);
}
const BYTES = 5;
const words = new Set(
  [
    ...gunzipSync(readFileSync(django)).toString('utf8').split('\n'),
    ...JSON.parse(readFileSync(zxcvbn, 'utf8')),
  ]
    .map((word) => word.trim().normalize('NFKC').toLowerCase())
    .filter((word) => [...word].length >= 8 || /^\p{L}{4,}$/u.test(word)),
);
const prefixes = [
  ...new Set(
    [...words].map((word) =>
      createHash('sha256')
        .update(word)
        .digest('hex')
        .slice(0, 2 * BYTES),
    ),
  ),
];
const out = Buffer.from(prefixes.sort().join(''), 'hex');
writeFileSync(
  join(root, 'apps', 'server', 'src', 'platform', 'known-passwords', 'popular-passwords.bin'),
  out,
);
process.stdout.write(`${words.size} passwords, ${out.length} bytes\n`);
