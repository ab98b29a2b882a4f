import { newId } from '../../src/platform/ids.ts';
import type { TestServer } from '../server.fixture.ts';

/** JSON Schema as far as the document uses it. */
export interface Schema {
  type?: string | string[];
  writeOnly?: boolean;
  pattern?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'HEAD';

export interface Operation {
  method: Method;
  /** With its parameters in braces, as in the document. */
  path: string;
  operationId: string;
  pathParameters: string[];
  /** Those of them that name a thing inside a tenant. */
  idParameters: string[];
  queryParameters: { name: string; schema: Schema }[];
  /** The types of content that it says it takes. */
  takes: string[];
  body: { schema: Schema; example: Record<string, unknown> } | undefined;
}

/** AuthZEN says itself what is done with members that are not known (they are ignored), and has one code for what cannot be read. */
export const isOfAuthzen = ({ path }: Pick<Operation, 'path'>): boolean => path.startsWith('/access/v1/');

/** OAuth takes forms, and ignores members that it does not know (RFC 6749 §3.2): its own tests speak to it (features/oauth). */
export const isOfOAuth = ({ path }: Pick<Operation, 'path'>): boolean => path.startsWith('/oauth2/');

interface Parameter {
  name: string;
  in: string;
  schema: Schema;
}
interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        parameters?: Parameter[];
        requestBody?: {
          content: Record<string, { schema: Schema; example?: Record<string, unknown> }>;
        };
      }
    >
  >;
}

/** Every operation of the OpenAPI document: what a new route brings, these suites attack without being told. */
export async function listOperations(gatehouse: TestServer): Promise<Operation[]> {
  const document = (await gatehouse.browser().get('/openapi.json')).body as unknown as Document;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const parameters = operation.parameters ?? [];
      const inPath = parameters.filter((it) => it.in === 'path').map(({ name }) => name);
      const json = operation.requestBody?.content['application/json'];
      return {
        method: method.toUpperCase() as Method,
        path,
        operationId: operation.operationId,
        pathParameters: inPath,
        // What registers a service chooses its name: nothing of another tenant has it.
        idParameters: inPath.filter((name) => name !== 'tenantId' && name !== 'service'),
        queryParameters: parameters.filter((it) => it.in === 'query'),
        takes: Object.keys(operation.requestBody?.content ?? {}),
        body: json && { schema: json.schema, example: json.example ?? {} },
      };
    }),
  );
}

/** The operation's path with its parameters filled in; those that are not given get an id that nobody has. */
export const fill = (path: string, values: Record<string, string>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? madeUp(name));

/** A route's pattern (`/users/:id`, `/assets/*`) with something in each place. */
export const fillRoute = (url: string, values: Record<string, string>): string =>
  url.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? madeUp(name)).replace('*', 'nothing.css');

const madeUp = (parameter: string): string => (parameter === 'service' ? 'nothing' : newId());

/** Does a member with this schema hold an id? */
export const isIdSchema = (schema: Schema): boolean => schema.pattern?.startsWith('^[0-9a-f]{8}-') ?? false;
