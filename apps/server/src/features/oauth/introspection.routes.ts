import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { IntrospectionAnswer, IntrospectionRequest } from '@gatehouse/contracts';
import { callerOf, user } from '../../platform/access/index.ts';
import { problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { readForm } from './form.ts';
import { introspect } from './introspect.ts';

const FORM = /^application\/x-www-form-urlencoded(?:;.*)?$/i;
const tags = ['OAuth'];

/** What a token is worth at this moment (RFC 7662), for services that cannot tell by themselves. */
export const introspectionRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(FORM, { parseAs: 'buffer' }, (_request, body, parsed) => {
    try {
      parsed(null, readForm(body as Buffer));
    } catch (error) {
      parsed(error as Error, undefined);
    }
  });

  app.post(
    '/oauth2/introspect',
    {
      config: { access: user({ permission: 'tokens:introspect' }) },
      schema: {
        tags,
        operationId: 'introspectToken',
        summary: 'What a token or an API key is worth',
        description:
          'RFC 7662: an access token of a user or a service, or an API key, as it stands now. What is not good, or is of a tenant that the caller may not look into, is `{"active":false}` and nothing more. In the root tenant, with `tenant_revocations:read`, of every tenant.',
        consumes: ['application/x-www-form-urlencoded'],
        body: IntrospectionRequest,
        response: {
          200: IntrospectionAnswer,
          ...problems('request.invalid', 'request.malformed', 'auth.unauthenticated', 'access.denied'),
        },
      },
    },
    (request) => introspect(deps, callerOf(request), request.body.token, request.body.client_ip),
  );
  done();
};
