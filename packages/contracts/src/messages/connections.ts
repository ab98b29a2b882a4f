import { Type, type Static } from 'typebox';
import { Id, Message, Name, Nullable, PLAIN_TEXT, RoleName, Time } from './shapes.ts';

export const ConnectionKind = Type.String({
  enum: ['oidc', 'google', 'github', 'microsoft'],
  description: '`oidc`: any provider with OpenID Connect discovery; the others are known by name.',
  examples: ['oidc'],
});
export type ConnectionKind = 'oidc' | 'google' | 'github' | 'microsoft';

/** A word that a provider uses: a claim, a group, a scope. No blanks and nothing invisible. */
const Word = (maxLength: number, examples: string[], more: object = {}) =>
  Type.String({ ...more, minLength: 1, maxLength, pattern: String.raw`^[\x21-\x7e]+$`, examples });

const fields = {
  name: Name,
  issuer: Type.String({
    maxLength: 300,
    // SECURITY: https, no user part, no query, and a host that cannot be read in two ways.
    pattern: String.raw`^https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?$`,
    description:
      'For `oidc`: where the provider’s discovery document says that it is, character by character.',
    examples: ['https://id.example.com'],
  }),
  directoryId: Type.String({
    pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    description: 'For `microsoft`: the directory (tenant) of Entra ID whose people sign in.',
    examples: ['8d8ac610-566d-4ef0-9c22-186b2a5ed793'],
  }),
  clientId: Word(300, ['gatehouse']),
  clientSecret: Word(500, ['a-secret-of-the-provider'], { writeOnly: true }),
  scopes: Type.Array(Word(100, ['groups']), {
    maxItems: 10,
    uniqueItems: true,
    description: 'Asked for beside what the kind of provider needs.',
    examples: [[]],
  }),
  groupsClaim: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: PLAIN_TEXT,
    description: 'The claim whose values `roles` maps: a text, or a list of texts.',
    examples: ['groups'],
  }),
  roles: Type.Array(
    Message({
      value: Type.String({ minLength: 1, maxLength: 300, pattern: PLAIN_TEXT, examples: ['noc'] }),
      role: RoleName,
    }),
    {
      maxItems: 50,
      description:
        'Who has this value in `groupsClaim` holds this role from the next sign-in on, and loses it with the value. Given in the name of whoever changed the connection last.',
      examples: [[{ value: 'noc', role: 'NOC_OPERATOR' }]],
    },
  ),
  createUsers: Type.Boolean({
    description:
      'Whether somebody who is not known yet becomes a user, given an address of a domain that the tenant has proved.',
    examples: [true],
  }),
};

export const Connection = Message(
  {
    id: Id,
    tenantId: Id,
    scope: Type.String({
      enum: ['tenant', 'platform'],
      description: '`platform`: serves the people of every tenant; the deployment’s settings made it.',
    }),
    kind: ConnectionKind,
    name: Name,
    status: Type.String({ enum: ['enabled', 'disabled'] }),
    issuer: Type.String({ examples: ['https://id.example.com'] }),
    clientId: fields.clientId,
    hasSecret: Type.Boolean({ description: 'The secret itself is never shown.' }),
    directoryId: Nullable(fields.directoryId),
    scopes: fields.scopes,
    groupsClaim: fields.groupsClaim,
    roles: fields.roles,
    createUsers: fields.createUsers,
    redirectUri: Type.String({
      description: 'What to register with the provider, character by character.',
      examples: [
        'https://id.example.com/api/v1/auth/connections/0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11/callback',
      ],
    }),
    signInUrl: Type.String({
      description: 'Where a link or a button sends people who sign in by this connection.',
      examples: ['https://id.example.com/api/v1/auth/connections/0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11/login'],
    }),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: 'Connection' },
);
export type Connection = Static<typeof Connection>;

export const CreateConnection = Message(
  {
    kind: ConnectionKind,
    name: fields.name,
    issuer: Type.Optional(fields.issuer),
    directoryId: Type.Optional(fields.directoryId),
    clientId: fields.clientId,
    clientSecret: Type.Optional(fields.clientSecret),
    scopes: Type.Optional(fields.scopes),
    groupsClaim: Type.Optional(fields.groupsClaim),
    roles: Type.Optional(fields.roles),
    createUsers: Type.Optional(fields.createUsers),
  },
  {
    $id: 'CreateConnection',
    examples: [
      {
        kind: 'oidc',
        name: 'Acme sign-in',
        issuer: 'https://id.example.com',
        clientId: 'gatehouse',
        clientSecret: 'a-secret-of-the-provider',
      },
    ],
  },
);
export type CreateConnection = Static<typeof CreateConnection>;

export const UpdateConnection = Type.Object(
  {
    name: Type.Optional(fields.name),
    issuer: Type.Optional(fields.issuer),
    directoryId: Type.Optional(Nullable(fields.directoryId)),
    clientId: Type.Optional(fields.clientId),
    clientSecret: Type.Optional(fields.clientSecret),
    scopes: Type.Optional(fields.scopes),
    groupsClaim: Type.Optional(fields.groupsClaim),
    roles: Type.Optional(fields.roles),
    createUsers: Type.Optional(fields.createUsers),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    $id: 'UpdateConnection',
    examples: [{ name: 'Acme sign-in' }],
  },
);
export type UpdateConnection = Static<typeof UpdateConnection>;

/** What a sign-in page offers beside the password. */
export const OfferedConnection = Message(
  {
    id: Id,
    kind: ConnectionKind,
    name: Name,
    signInPath: Type.String({
      description: 'Where its button leads; takes `returnTo`.',
      examples: ['/api/v1/auth/google/login'],
    }),
  },
  { $id: 'OfferedConnection' },
);
export type OfferedConnection = Static<typeof OfferedConnection>;

/** A provider's account that enters one's own. */
export const OwnIdentity = Message(
  { id: Id, connectionId: Id, kind: ConnectionKind, name: Name, linkedAt: Time },
  { $id: 'OwnIdentity' },
);
export type OwnIdentity = Static<typeof OwnIdentity>;

const DomainName = Type.String({
  maxLength: 253,
  pattern: String.raw`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$`,
  description: 'A host name in lower case, in its ASCII form.',
  examples: ['example.com'],
});

/** A domain that the tenant says is its own. */
export const TenantDomain = Message(
  {
    id: Id,
    tenantId: Id,
    domain: DomainName,
    status: Type.String({ enum: ['pending', 'verified'] }),
    record: Message(
      {
        name: Type.String({ examples: ['_gatehouse-challenge.example.com'] }),
        value: Type.String({ examples: ['gatehouse-domain-verification=4bf92f3577b34da6a3ce929d0e0e4736'] }),
      },
      { description: 'The TXT record that proves the domain.' },
    ),
    connectionId: Nullable(Id),
    verifiedAt: Nullable(Time),
    createdAt: Time,
  },
  { $id: 'TenantDomain' },
);
export type TenantDomain = Static<typeof TenantDomain>;

export const CreateTenantDomain = Message(
  { domain: DomainName, connectionId: Type.Optional(Nullable(Id)) },
  { $id: 'CreateTenantDomain', examples: [{ domain: 'example.com' }] },
);
export type CreateTenantDomain = Static<typeof CreateTenantDomain>;
export const UpdateTenantDomain = Message(
  { connectionId: Nullable(Id) },
  { $id: 'UpdateTenantDomain', examples: [{ connectionId: null }] },
);
export type UpdateTenantDomain = Static<typeof UpdateTenantDomain>;
