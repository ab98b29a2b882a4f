import { isUtf8 } from 'node:buffer';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { type ErrorCode, Id, Message } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { enterOwn, publicAccess } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { callbackUrlOf } from './connection-message.ts';
import { findConnection, loadConnection } from './connections.repo.ts';
import { LONGEST_RESPONSE, storeResponse } from './saml/assertion-consumer.ts';
import { refuseSignIn, sendBrowser } from './sign-in-redirect.ts';

const tags = ['Sign-in'];
const FORM = /^application\/x-www-form-urlencoded(?:;.*)?$/i;
/** What a form makes of the longest response (`+`, `/` and `=` become three characters), and what stands around it. */
const LONGEST_BODY = 150_000;

/** The two endpoints of SAML that are spoken to from outside (spec W9): where responses are posted to, and what we say of ourselves. */
export const samlRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.addContentTypeParser(FORM, { parseAs: 'buffer' }, (_request, body, parsed) => {
    try {
      parsed(null, readForm(body as Buffer));
    } catch (error) {
      parsed(error as Error, undefined);
    }
  });

  app.post(
    '/auth/connections/:id/acs',
    {
      config: { access: publicAccess('identity providers have browsers post here'), limit: 'connection' },
      bodyLimit: LONGEST_BODY,
      schema: {
        tags,
        operationId: 'consumeAssertion',
        summary: 'The assertion consumer of a SAML connection',
        description:
          'Register this address with the provider. It keeps the response and sends the browser to `/callback`, where it is judged. A response that answers no sign-in that was begun here is refused.',
        consumes: ['application/x-www-form-urlencoded'],
        params: Message({ id: Id }),
        body: Message(
          {
            SAMLResponse: Type.String({ minLength: 1, maxLength: LONGEST_RESPONSE }),
            RelayState: Type.Optional(
              Type.String({ maxLength: 1000, description: 'As it stood in our request.' }),
            ),
          },
          { $id: 'ConsumeAssertion', examples: [{ SAMLResponse: 'PHNhbWxwOlJlc3BvbnNlPg==' }] },
        ),
        response: {
          303: Type.Null({ description: 'To `/callback`, or to the sign-in page with `problem`.' }),
          ...problems(
            'request.invalid',
            'request.malformed',
            'request.too_large',
            'rate.limited',
            'resource.not_found',
            'auth.connection_disabled',
            'auth.idp_initiated',
            'auth.sign_in_expired',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { SAMLResponse, RelayState = '' } = request.body;
      try {
        await storeResponse(deps, { connectionId: id, relayState: RelayState, response: SAMLResponse });
      } catch (problem) {
        return refuseSignIn(deps, request, reply, { problem });
      }
      // By 303 the browser asks with GET, at our own origin: the cookie of the sign-in, which is Lax, comes along.
      const callback = new URL(callbackUrlOf(deps.config, { id, scope: 'tenant', kind: 'saml' }));
      callback.searchParams.set('state', RelayState);
      return sendBrowser(reply, callback);
    },
  );

  app.get(
    '/auth/connections/:id/metadata',
    {
      exposeHeadRoute: false,
      config: { access: publicAccess('says what a provider has to know of us'), limit: 'connection' },
      schema: {
        tags,
        operationId: 'getServiceMetadata',
        summary: 'Our metadata for a SAML provider',
        description:
          'Entity id, assertion consumer and, where requests are signed, the certificate. There before the connection is in service.',
        params: Message({ id: Id }),
        produces: ['application/samlmetadata+xml'],
        response: {
          200: Type.String({ description: 'SAML 2.0 metadata.' }),
          ...problems(
            ...([
              'request.invalid',
              'rate.limited',
              'resource.not_found',
              'service.unavailable',
            ] satisfies ErrorCode[]),
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const found = await findConnection(deps.doors, id);
      const row =
        found?.kind === 'saml'
          ? await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: found.tenant_id }), (tx) =>
              loadConnection(tx, id),
            )
          : undefined;
      if (!row) throw new Problem('resource.not_found', { detail: 'There is no such SAML connection.' });
      const xml = await deps.providers.serviceMetadata(row);
      return reply.type('application/samlmetadata+xml; charset=utf-8').send(xml);
    },
  );
  done();
};

/**
 * The two members of the form. Providers may add a name for their button; what is there twice is refused.
 *
 * @throws {Problem} `request.malformed`
 */
function readForm(body: Buffer): Record<string, string> {
  if (!isUtf8(body)) throw new Problem('request.malformed', { detail: 'The form is not valid UTF-8.' });
  const form = new URLSearchParams(body.toString('utf8'));
  const read: Record<string, string> = {};
  for (const name of ['SAMLResponse', 'RelayState']) {
    const [value, ...more] = form.getAll(name);
    // SECURITY: of two with one name one reader takes the first and another the last (threats 6 and 29).
    if (more.length > 0) throw new Problem('request.malformed', { detail: `The form has ${name} twice.` });
    if (value !== undefined) read[name] = value;
  }
  return read;
}
