import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { TokenSigner } from '../../platform/crypto/index.ts';
import { publicAccess } from '../../platform/access/index.ts';

export function keysRoutes(app: FastifyInstance, tokens: TokenSigner): void {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: publicAccess('public keys, for whoever verifies tokens') },
      schema: {
        tags: ['Keys'],
        operationId: 'getJwks',
        summary: 'The public signing keys',
        description:
          'A JWK Set (RFC 7517 §5). Cache it; fetch again when a token names an unknown `kid`. Empty in HS256 mode.',
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
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return tokens.jwks;
    },
  );
}
