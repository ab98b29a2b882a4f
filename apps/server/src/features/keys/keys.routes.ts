import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { publicAccess } from '../../platform/access/index.ts';
import { hasEntityTag } from '../../platform/http/index.ts';
import { JWKS_MAX_AGE_SECONDS } from './key-life.ts';
import type { SigningKeys } from './signing-keys.ts';

export function keysRoutes(app: FastifyInstance, keys: SigningKeys): void {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: publicAccess('public keys, for whoever verifies tokens') },
      schema: {
        tags: ['Keys'],
        operationId: 'getJwks',
        summary: 'The public signing keys',
        description:
          'A JWK Set (RFC 7517 §5): the key that signs, the one that signs next, and those whose tokens may still live. Cache it ' +
          'for as long as `Cache-Control` says; fetch it again when a token names an unknown `kid`. Empty in HS256 mode.',
        response: {
          200: Type.Object(
            {
              keys: Type.Array(
                Type.Object(
                  { kid: Type.String(), alg: Type.String(), use: Type.String(), kty: Type.String() },
                  { additionalProperties: true },
                ),
              ),
            },
            { additionalProperties: false },
          ),
          304: Type.Null({ description: 'The copy whose `ETag` came in `If-None-Match` is still right.' }),
        },
      },
    },
    async (request, reply) => {
      reply.headers({ 'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`, etag: keys.entityTag });
      if (hasEntityTag(request.headers['if-none-match'], keys.entityTag)) return reply.code(304).send(null);
      return keys.tokens.jwks;
    },
  );
}
