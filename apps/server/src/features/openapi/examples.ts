interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  minimum?: number;
  additionalProperties?: unknown;
}
interface Media {
  schema?: Schema;
  example?: unknown;
}
interface Operation {
  requestBody?: { content?: Record<string, Media> };
  responses?: Record<string, { content?: Record<string, Media> }>;
}
/** The messages that have a name, under the name by which `$ref` points to them. */
type Named = Record<string, Schema>;

/** Gives every body and answer of the document an example, put together from the examples of its members. */
export function withExamples<T extends object>(document: T): T {
  const copy = structuredClone(document) as T & {
    paths?: Record<string, Record<string, Operation>>;
    components?: { schemas?: Named };
  };
  const named = copy.components?.schemas ?? {};
  for (const path of Object.values(copy.paths ?? {})) {
    for (const operation of Object.values(path)) {
      const contents = [
        operation.requestBody?.content,
        ...Object.values(operation.responses ?? {}).map((answer) => answer.content),
      ];
      for (const content of contents) {
        for (const media of Object.values(content ?? {}))
          if (media.schema) media.example ??= exampleOf(media.schema, named);
      }
    }
  }
  return copy;
}

function exampleOf(schema: Schema, named: Named): unknown {
  if (schema.$ref !== undefined) return exampleOf(referred(schema.$ref, named), named);
  if (schema.examples?.length) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum?.length) return schema.enum[0];
  if (schema.anyOf?.[0]) return exampleOf(schema.anyOf[0], named);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, member]) => [name, exampleOf(member, named)]),
      );
    case 'array':
      return schema.items ? [exampleOf(schema.items, named)] : [];
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function referred(pointer: string, named: Named): Schema {
  const schema = named[pointer.replace('#/components/schemas/', '')];
  if (schema === undefined) throw new Error(`the document has nothing at ${pointer}`);
  return schema;
}
