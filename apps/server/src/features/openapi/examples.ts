interface Schema {
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

/** Gives every body and answer of the document an example, put together from the examples of its members. */
export function withExamples<T extends object>(document: T): T {
  const copy = structuredClone(document) as T & { paths?: Record<string, Record<string, Operation>> };
  for (const path of Object.values(copy.paths ?? {})) {
    for (const operation of Object.values(path)) {
      const contents = [
        operation.requestBody?.content,
        ...Object.values(operation.responses ?? {}).map((answer) => answer.content),
      ];
      for (const content of contents) {
        for (const media of Object.values(content ?? {}))
          if (media.schema) media.example ??= exampleOf(media.schema);
      }
    }
  }
  return copy;
}

export function exampleOf(schema: Schema): unknown {
  if (schema.examples?.length) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum?.length) return schema.enum[0];
  if (schema.anyOf?.[0]) return exampleOf(schema.anyOf[0]);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, member]) => [name, exampleOf(member)]),
      );
    case 'array':
      return schema.items ? [exampleOf(schema.items)] : [];
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
