/**
 * The one spelling of a JSON value (JCS, RFC 8785): members in the order of their UTF-16 code units, numbers and strings as
 * ECMAScript writes them, no white space. What is hashed is this and not whatever a database or a tool made of it.
 *
 * @throws {TypeError} for what is not JSON: undefined, NaN, a function.
 */
export function canonicalJson(value: unknown): string {
  // Text is put together in place, without arrays to join: an auditor waits for a million of them.
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) {
    let text = '';
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    let text = '';
    for (const name of Object.keys(members).sort())
      text += `${text === '' ? '' : ','}${quoted(name)}:${canonicalJson(members[name])}`;
    return `{${text}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('not a number of JSON');
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError('not a value of JSON');
  return text;
}

/** Printable ASCII but `"` and `\\`: nothing in it to escape. */
const PLAIN = /^[ !#-[\]-~]*$/;
const quoted = (text: string) => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));
