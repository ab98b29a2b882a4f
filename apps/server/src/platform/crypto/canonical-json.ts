/**
 * The one spelling of a JSON value (JCS, RFC 8785): members in the order of their UTF-16 code units, numbers and strings as
 * ECMAScript writes them, no white space. What is hashed is this and not whatever a database or a tool made of it.
 *
 * @throws {TypeError} for what is not JSON: undefined, NaN, a function.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    const names = Object.keys(members).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name])}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('not a number of JSON');
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError('not a value of JSON');
  return text;
}
