import type { OpenApiDocument, Schema } from './document.ts';

/** Follows a reference within the document. */
export function resolve(document: OpenApiDocument, schema: Schema | undefined): Schema | undefined {
  if (!schema?.$ref) return schema;
  return document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''];
}

/** The alternatives without null, and whether null is one of them. */
function alternatives(schema: Schema): { readonly rest: readonly Schema[]; readonly nullable: boolean } {
  const all = schema.anyOf ?? schema.oneOf ?? [];
  const rest = all.filter(({ type }) => type !== 'null');
  return { rest, nullable: rest.length < all.length };
}

/** The type of a schema in a few words: `string or null`, `array of User`. */
export function sayType(document: OpenApiDocument, schema: Schema | undefined): string {
  if (!schema) return 'any';
  if (schema.$ref) return resolve(document, schema)?.title ?? schema.$ref.split('/').at(-1) ?? 'any';
  if (schema.title) return schema.title;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const { rest, nullable } = alternatives(schema);
  if (rest.length > 0) {
    const said = rest.map((one) => sayType(document, one)).join(' or ');
    return nullable ? `${said} or null` : said;
  }
  if (schema.type === 'array') return `array of ${sayType(document, schema.items)}`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  return typeof schema.type === 'string' ? schema.type : 'any';
}

/** The limits of a schema, as short notes. */
export function sayLimits(schema: Schema): string[] {
  const notes: [string, unknown][] = [
    ['format', schema.format],
    ['min length', schema.minLength],
    ['max length', schema.maxLength],
    ['min', schema.minimum],
    ['max', schema.maximum],
    ['default', schema.default],
  ];
  return notes.filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${String(value)}`);
}

/** An example: the one that is written down, or one put together from those of the fields. */
export function exampleOf(document: OpenApiDocument, given: Schema | undefined, depth = 0): unknown {
  const schema = resolve(document, given);
  if (!schema || depth > 6) return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum?.length) return schema.enum[0];
  const { rest } = alternatives(schema);
  if (rest.length > 0) return exampleOf(document, rest[0], depth + 1);
  if (schema.properties)
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, exampleOf(document, field, depth + 1)]),
    );
  switch (schema.type) {
    case 'object':
      return {};
    case 'array':
      return [exampleOf(document, schema.items, depth + 1)];
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return schema.default ?? 1;
    case 'string':
      return 'text';
    default:
      return null;
  }
}
