import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { OAuthError, TokenAnswer, TokenRequest } from '@gatehouse/contracts';
import { publicAccess } from '../../platform/access/index.ts';
import { problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { createEngine } from './engine.ts';

const tags = ['OAuth'];

/** The token endpoint (RFC 6749 §3.2), answered by the engine, which reads the request itself. */
export const tokenRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const engine = createEngine(deps);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));

  app.post(
    '/oauth2/token',
    {
      config: { access: publicAccess('a client authenticates in the request'), limit: 'token' },
      schema: {
        tags,
        operationId: 'issueToken',
        summary: 'Get a token for a service',
        description:
          'Client credentials (RFC 6749 §4.4), by HTTP Basic or in the form. The token is an RFC 9068 JWT of five minutes: for Gatehouse, or for the service that `resource` (RFC 8707) names, where the map of allowed calls has it. `scope` narrows what its roles hold. Errors are those of RFC 6749 §5.2.',
        consumes: ['application/x-www-form-urlencoded'],
        body: TokenRequest,
        response: { 200: TokenAnswer, 400: OAuthError, 401: OAuthError, ...problems('rate.limited') },
      },
      // The engine reads and judges the form, and says what is wrong with it in the words of RFC 6749.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      // What hooks have set goes with the engine's answer.
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value);
      const provider = await engine.current();
      reply.hijack();
      await provider.callback()(request.raw, reply.raw);
      if (reply.raw.statusCode === 401)
        deps.decisions.anonymousDenial('POST /oauth2/token', 'invalid_client');
    },
  );
  done();
};
