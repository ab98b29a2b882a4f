import { Type, type Static } from 'typebox';

/** RFC 6749 §4.4.2; the client authenticates by HTTP Basic, or by the last two. */
export const TokenRequest = Type.Object(
  {
    grant_type: Type.Literal('client_credentials'),
    resource: Type.Optional(
      Type.String({
        description:
          'The `audience` of the service that the token is for (RFC 8707); Gatehouse itself without one.',
        examples: ['https://id.example.com/services/invoicer'],
      }),
    ),
    scope: Type.Optional(
      Type.String({ description: 'Permissions, with spaces between: less than what the roles hold.' }),
    ),
    client_id: Type.Optional(Type.String()),
    client_secret: Type.Optional(Type.String()),
  },
  { $id: 'TokenRequest', examples: [{ grant_type: 'client_credentials' }] },
);
/** RFC 6749 §5.1. */
export const TokenAnswer = Type.Object(
  {
    access_token: Type.String({ description: 'An RFC 9068 JWT.' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ examples: [300] }),
    scope: Type.Optional(Type.String()),
  },
  { $id: 'TokenAnswer' },
);
/** RFC 6749 §5.2. */
export const OAuthError = Type.Object(
  { error: Type.String({ examples: ['invalid_client'] }), error_description: Type.Optional(Type.String()) },
  { $id: 'OAuthError' },
);

/** RFC 7662 §2.1. */
export const IntrospectionRequest = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 10_000 }),
    token_type_hint: Type.Optional(Type.String({ maxLength: 100 })),
    client_ip: Type.Optional(
      Type.String({
        maxLength: 60,
        description: 'Where an API key came from: one with a list of addresses is good from those alone.',
      }),
    ),
  },
  { $id: 'IntrospectionRequest', examples: [{ token: 'cf_prod_…' }] },
);
/** RFC 7662 §2.2. */
export const IntrospectionAnswer = Type.Object(
  {
    active: Type.Boolean(),
    token_type: Type.Optional(Type.String({ enum: ['access_token', 'api_key'] })),
    sub: Type.Optional(Type.String({ description: 'The user, or the client_id of a service.' })),
    client_id: Type.Optional(Type.String()),
    api_key_id: Type.Optional(Type.String()),
    tenant_id: Type.Optional(Type.String()),
    home_tenant_id: Type.Optional(Type.String()),
    sid: Type.Optional(Type.String()),
    namespace: Type.Optional(Type.String()),
    roles: Type.Optional(Type.Array(Type.String())),
    scope: Type.Optional(
      Type.String({
        description: 'Of an API key and of a narrowed token: what it opens now, with spaces between.',
      }),
    ),
    aud: Type.Optional(Type.String()),
    iss: Type.Optional(Type.String()),
    iat: Type.Optional(
      Type.Integer({ description: 'Of an API key: the time of this answer, which is as of then.' }),
    ),
    exp: Type.Optional(Type.Integer()),
    jti: Type.Optional(Type.String()),
    acr: Type.Optional(Type.String()),
    amr: Type.Optional(Type.Array(Type.String())),
    auth_time: Type.Optional(Type.Integer()),
  },
  { $id: 'IntrospectionAnswer', additionalProperties: false },
);
export type IntrospectionAnswer = Static<typeof IntrospectionAnswer>;
