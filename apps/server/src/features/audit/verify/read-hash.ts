const LENGTH = 32;
const NONE = Buffer.alloc(0);

/**
 * A hash as an export writes it: base64, in the one spelling that it has. Anything else is no hash, and proves nothing.
 *
 * SECURITY: the last character of 43 carries two bits that no byte takes up. A file in which they were changed is not the one that was
 * made, though its hashes would read the same.
 */
export function readHash(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === LENGTH && bytes.toString('base64') === text ? bytes : NONE;
}
