import { Type, type Static } from 'typebox';
import { ClientId, Id, Message, Nullable, Time } from './shapes.ts';

/** Claims of an access token (RFC 9068 §2.2); a token that carries all of them with these values is meant. */
const Claims = Message(
  {
    sid: Type.Optional(Id),
    sub: Type.Optional(Id),
    tenant_id: Type.Optional(Id),
    home_tenant_id: Type.Optional(Id),
    client_id: Type.Optional(ClientId),
    api_key_id: Type.Optional(Id),
  },
  { examples: [{ sid: '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11' }] },
);
export const Revocation = Message(
  {
    kind: Type.String({
      enum: ['session', 'user', 'membership', 'tenant', 'client', 'access', 'api_key'],
      description: 'What ended or changed.',
      examples: ['session'],
    }),
    tenantId: Id,
    id: Type.String({
      description: 'Of the session, user, membership, tenant, client or API key; of the tenant for `access`.',
      examples: ['0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11'],
    }),
    matches: Type.Array(Claims, {
      description:
        'A token is meant when it carries all claims of one of these; none is where there are none.',
    }),
    issuedBefore: Type.Integer({
      description: 'Refuse such a token when its `iat` is smaller (RFC 9068, seconds since 1970).',
      examples: [1795253401],
    }),
    time: Time,
  },
  { $id: 'Revocation' },
);
export type Revocation = Static<typeof Revocation>;

const Cursor = Type.String({
  description: 'Opaque; the place up to which the log has been read. Good for a day.',
  examples: ['v1.8Yb2Kc0x.Qm9vbGVhbiBsb2dpYw.c2VhbGVkIGFuZCBib3VuZA'],
});
export const RevocationPage = Message(
  {
    items: Type.Array(Revocation),
    cursor: Cursor,
    more: Type.Boolean({ description: 'True when there is more to read at once.' }),
    tenantId: Nullable(Type.String({ ...Id, description: 'Whose entries are told; null: of every tenant.' })),
    time: Time,
  },
  { $id: 'RevocationPage' },
);
export type RevocationPage = Static<typeof RevocationPage>;
const After = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 1000,
    pattern: '^[A-Za-z0-9_.-]+$',
    description: 'The `cursor` of the answer before; without it the log is read from its beginning.',
  }),
);
export const RevocationStreamQuery = Message({ after: After });
export const RevocationQuery = Message({
  after: After,
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 200, description: 'Entries a page.' }),
  ),
});
export type RevocationQuery = Static<typeof RevocationQuery>;
