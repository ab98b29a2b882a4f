import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { hasEntityTag, problems } from '../../platform/http/index.ts';
import { type TenantScoped, tenantParams } from '../tenant-scoped.ts';

const Signed = Type.Unsafe<string>({
  description: 'A JWT of type `gatehouse-bundle+jwt`, in its compact form.',
  content: { 'application/jwt': { schema: Type.String() } },
});

/** What services decide by in their own process (spec R6; docs/adr/0088). */
export const bundleRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  app.get(
    `${at}/bundle`,
    {
      config: {
        access: user({
          permission: { own: 'bundles:read', parent: 'bundles:read', platform: 'tenant_bundles:read' },
        }),
      },
      schema: {
        tags: ['Decisions'],
        operationId: `getBundle${suffix}`,
        summary: 'The bundle: all that decisions depend on, signed',
        description:
          'Roles with what they hold, policies in force and in the shadow, the catalog, and which service may call which. Signed by the key that signs tokens (`/.well-known/jwks.json`). Ask again, with `If-None-Match`, when the revocation feed has an entry of kind `access`.',
        params: tenantParams(scope),
        response: {
          200: Signed,
          304: Type.Null({ description: 'The copy whose `ETag` came in `If-None-Match` is still right.' }),
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request, reply) => {
      const { bundle } = await deps.deciders.get(callerOf(request).entered);
      const tag = `"${bundle.version}"`;
      reply.headers({ 'cache-control': 'private, no-cache', etag: tag });
      if (hasEntityTag(request.headers['if-none-match'], tag)) return reply.code(304).send(null);
      const iat = Math.floor(deps.clock.now().getTime() / 1000);
      const claims = { iss: deps.config.publicUrl, iat, ...bundle };
      return reply.type('application/jwt').send(deps.tokens.sign(claims, 'gatehouse-bundle+jwt'));
    },
  );
  done();
};
