/** The parts of an OpenAPI 3.1 document that the reference shows. */
export interface Schema {
  readonly title?: string;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

interface MediaType {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Body {
  readonly description?: string;
  readonly content?: Readonly<Record<string, MediaType>>;
}

interface RawOperation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses?: Readonly<Record<string, Body & { readonly $ref?: string }>>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly responses?: Readonly<Record<string, Body>>;
  };
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly access: string;
  readonly parameters: readonly Parameter[];
  readonly body: MediaType | undefined;
  readonly responses: readonly {
    readonly status: string;
    readonly description: string;
    readonly media: MediaType | undefined;
  }[];
}

export interface OperationGroup {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly Operation[];
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** What the server's generator writes where nothing was said. */
const unnamed = 'Default Response';

/** The operations under their tags, in the order of the document. */
export function readGroups(document: OpenApiDocument): OperationGroup[] {
  const groups = new Map<string, Operation[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      const raw = item[method];
      if (!raw) continue;
      const tag = raw.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), readOperation(document, path, method, raw)]);
    }
  }
  const order = document.tags?.map(({ name }) => name) ?? [];
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, operations]) => ({
      name,
      description: document.tags?.find((tag) => tag.name === name)?.description ?? '',
      operations,
    }));
}

function readOperation(
  document: OpenApiDocument,
  path: string,
  method: string,
  raw: RawOperation,
): Operation {
  const { text, access } = splitAccess(raw.description ?? '');
  const media = (body: Body | undefined): MediaType | undefined => Object.values(body?.content ?? {})[0];
  return {
    id: raw.operationId ?? `${method}-${path.replaceAll(/[^a-zA-Z0-9]+/g, '-')}`,
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? '',
    description: text,
    access,
    parameters: raw.parameters ?? [],
    body: media(raw.requestBody),
    responses: Object.entries(raw.responses ?? {}).map(([status, response]) => {
      const named = response.$ref && document.components?.responses?.[response.$ref.split('/').at(-1) ?? ''];
      const body = named || response;
      return {
        status,
        description: body.description === unnamed ? '' : (body.description ?? ''),
        media: media(body),
      };
    }),
  };
}

/** The server writes who may call an operation as the last paragraph of its description. */
function splitAccess(description: string): { readonly text: string; readonly access: string } {
  const [, text = description, access = ''] = /^([\s\S]*?)\n*Access: (.+)\.$/.exec(description) ?? [];
  return { text, access };
}

/** Whether an operation speaks of all the words that were searched for. */
export function matches(operation: Operation, search: string): boolean {
  const text = [
    operation.method,
    operation.path,
    operation.summary,
    operation.description,
    operation.access,
    operation.id,
  ]
    .join(' ')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
