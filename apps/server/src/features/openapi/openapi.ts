import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { describeAccess, publicAccess } from '../../platform/access/index.ts';
import type { Config } from '../../config/index.ts';
import { type PreparedDocument, prepareDocument, sendDocument } from './document.ts';
import { withExamples } from './examples.ts';

/** Collects every route that follows into the OpenAPI 3.1 document; registered before the features for that reason. */
export async function installOpenApi(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Gatehouse',
        version: '0.1.0',
        description:
          'Sign-in, sessions and directory of a B2B cloud platform. Errors are RFC 9457 problem details: match `code`, never the words. ' +
          'Lists are pages: pass `nextCursor` as `cursor`. Whatever a message does not declare is refused.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: config.publicUrl }],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An RFC 9068 access token.',
          },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-gh.console.at',
            description:
              'Set by login. Changes also need the X-CSRF-Token that login, refresh and me answer with.',
          },
        },
      },
    },
    // A message is found in the document, and in what is generated from it, by its own name.
    refResolver: {
      buildLocalReference: ({ $id }, _baseUri, _fragment, index) =>
        typeof $id === 'string' ? $id : `message-${index}`,
    },
    transform({ schema, url, route }) {
      const access = route.config?.access;
      if (access === undefined || schema?.hide === true) return { schema: schema ?? {}, url };
      const line = `Access: ${describeAccess(access, { method: [route.method].flat()[0] ?? '', url: route.url })}.`;
      const security: readonly Record<string, string[]>[] =
        access.kind === 'public' ? [] : [{ bearer: [] }, { cookie: [] }];
      return {
        schema: { ...schema, description: `${schema?.description ?? ''}\n\n${line}`.trim(), security },
        url,
      };
    },
  });
}

/** `GET /openapi.json`: made once, after all routes are known. */
export function openApiRoute(app: FastifyInstance): void {
  let prepared: Promise<PreparedDocument> | undefined;
  app.get(
    '/openapi.json',
    { config: { access: publicAccess('the description of a public interface') }, schema: { hide: true } },
    async (request, reply) => {
      prepared ??= prepareDocument(withExamples(app.swagger()));
      return sendDocument(request, reply, await prepared);
    },
  );
}
