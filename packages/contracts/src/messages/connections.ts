import { Type, type Static } from 'typebox';
import { Id, Message, Name, Nullable, PLAIN_TEXT, RoleName, SingleUseToken, Time } from './shapes.ts';

export const ConnectionKind = Type.String({
  enum: ['oidc', 'saml', 'google', 'github', 'microsoft'],
  description:
    '`oidc`: any provider with OpenID Connect discovery; `saml`: any SAML 2.0 identity provider; the others are known by name.',
  examples: ['oidc'],
});
export type ConnectionKind = 'oidc' | 'saml' | 'google' | 'github' | 'microsoft';

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
  clientId: Word(300, ['gatehouse'], {
    description: 'What we are called at the provider. For `saml` it is our entity id, which is not chosen.',
  }),
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
    description:
      'The claim whose values `roles` maps: a text, or a list of texts. For `saml`: the name of the attribute.',
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

/** A URI that names a party of SAML: mostly an address, but never fetched (SAML Core §8.3.6). */
const EntityId = Word(1024, ['https://idp.example.com/saml']);
// SECURITY: the browser is sent there: no script, no user part, nothing that could be read in two ways.
const WebAddress = (examples: string[], description: string) =>
  Type.String({
    maxLength: 1000,
    pattern: String.raw`^https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[\x21\x24-\x3b\x3d\x40-\x5a\x5f\x61-\x7a\x7e]*)?(?:\?[\x21\x24-\x3b\x3d\x3f-\x5a\x5f\x61-\x7a\x7e]*)?$`,
    description,
    examples,
  });
const AttributeName = (description: string) =>
  Type.String({ minLength: 1, maxLength: 200, pattern: PLAIN_TEXT, description, examples: ['email'] });

const samlFields = {
  ssoUrl: WebAddress(
    ['https://idp.example.com/saml/sso'],
    'Where the provider takes sign-in requests by HTTP redirect.',
  ),
  metadataUrl: WebAddress(
    ['https://idp.example.com/saml/metadata'],
    'Read once, now: name it again to take over new certificates.',
  ),
  signRequests: Type.Boolean({
    description: 'Sign the requests, by a key of this connection; its certificate stands in our metadata.',
    examples: [false],
  }),
  subjectAttribute: AttributeName(
    'The attribute that names a person, for ever and for nobody else; null for the persistent NameID. Another one takes the connection out of service.',
  ),
  emailAttribute: AttributeName('The attribute with the address; null for the usual names.'),
  nameAttribute: AttributeName('The attribute with the name; null for the usual names.'),
};

const Certificates = Type.Array(
  Type.String({
    minLength: 100,
    maxLength: 8000,
    pattern: String.raw`^[A-Za-z0-9+/=\s-]+$`,
    description: 'A certificate (X.509) as PEM, or the base64 of it; of an RSA key.',
    examples: [
      '-----BEGIN CERTIFICATE-----\nMIIC8DCCAdigAwIBAgIQc2FtcGxlLWNlcnRpZmljYXRlLW9mLW5vYm9keS1hdC1hbGwtYnV0LWxvbmc=\n-----END CERTIFICATE-----',
    ],
  }),
  {
    minItems: 1,
    maxItems: 3,
    description:
      'Those by which the provider signs: several while it goes over from one to the next. One that is taken away ends the sessions of the connection.',
  },
);

/**
 * What makes a connection one to a SAML 2.0 identity provider: its metadata, where they are, or entity id, address and certificates by
 * hand. What was read may be written again, and changes nothing.
 */
export const SamlSettings = Type.Object(
  {
    metadata: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 150_000,
        writeOnly: true,
        description: 'The provider’s metadata (XML). They name entity id, address and certificates.',
        examples: ['<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">…</EntityDescriptor>'],
      }),
    ),
    metadataUrl: Type.Optional(Nullable(samlFields.metadataUrl)),
    entityId: Type.Optional(EntityId),
    ssoUrl: Type.Optional(samlFields.ssoUrl),
    certificates: Type.Optional(Certificates),
    signRequests: Type.Optional(samlFields.signRequests),
    subjectAttribute: Type.Optional(Nullable(samlFields.subjectAttribute)),
    emailAttribute: Type.Optional(Nullable(samlFields.emailAttribute)),
    nameAttribute: Type.Optional(Nullable(samlFields.nameAttribute)),
  },
  { additionalProperties: false, minProperties: 1, description: 'For `saml`, and nothing else.' },
);
export type SamlSettings = Static<typeof SamlSettings>;

const SamlRead = Message(
  {
    metadataUrl: Nullable(samlFields.metadataUrl),
    entityId: EntityId,
    ssoUrl: samlFields.ssoUrl,
    certificates: Certificates,
    signRequests: samlFields.signRequests,
    subjectAttribute: Nullable(samlFields.subjectAttribute),
    emailAttribute: Nullable(samlFields.emailAttribute),
    nameAttribute: Nullable(samlFields.nameAttribute),
  },
  {
    description:
      'Of `saml`. Our entity id is `clientId`, which is the address of our metadata, too; the assertion consumer is `redirectUri`.',
  },
);

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
    saml: Nullable(SamlRead),
    certificates: Type.Array(
      Message({
        fingerprint: Type.String({ description: 'SHA-256, in pairs of digits.', examples: ['AB:CD:EF:01'] }),
        validUntil: Time,
      }),
      { description: 'Of `saml`: those by which the provider signs, as one compares them.' },
    ),
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
    clientId: Type.Optional(fields.clientId),
    clientSecret: Type.Optional(fields.clientSecret),
    scopes: Type.Optional(fields.scopes),
    groupsClaim: Type.Optional(fields.groupsClaim),
    roles: Type.Optional(fields.roles),
    createUsers: Type.Optional(fields.createUsers),
    saml: Type.Optional(SamlSettings),
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
    saml: Type.Optional(Nullable(SamlSettings)),
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

/** A provider whose account can come to enter one's own. */
export const LinkableConnection = Message(
  { id: Id, kind: ConnectionKind, name: Name },
  { $id: 'LinkableConnection' },
);
export type LinkableConnection = Static<typeof LinkableConnection>;

export const LinkIdentity = Message({ connectionId: Id }, { $id: 'LinkIdentity' });
export type LinkIdentity = Static<typeof LinkIdentity>;

/** What is begun at an identity provider: a link, an acceptance, a trial, a step-up. */
export const BegunAtProvider = Message(
  {
    authorizationUrl: Type.String({
      description: 'Where this browser goes now: the provider, which sends it back.',
      examples: ['https://id.example.com/authorize?client_id=gatehouse'],
    }),
  },
  { $id: 'BegunAtProvider' },
);
export type BegunAtProvider = Static<typeof BegunAtProvider>;

export const NamedLink = Message({ token: SingleUseToken }, { $id: 'NamedLink' });
export type NamedLink = Static<typeof NamedLink>;

/** A provider's account that waits for the word of the user whom it may come to enter. */
export const PendingIdentityLink = Message(
  {
    connection: LinkableConnection,
    issuer: Type.String({
      description: 'Who speaks for the account.',
      examples: ['https://accounts.google.com'],
    }),
    account: Type.String({
      description: 'Its address as the provider says it, or the provider’s own word for it.',
      examples: ['ada@example.com'],
    }),
    name: Nullable(
      Type.String({
        description: 'Whose it is, as the provider says, cut after 60 signs: show it in quotes.',
      }),
    ),
    email: Type.String({ description: 'The address of the user whom it would enter.' }),
  },
  { $id: 'PendingIdentityLink' },
);
export type PendingIdentityLink = Static<typeof PendingIdentityLink>;

export const StepUpByConnection = Message(
  {
    returnTo: Type.Optional(
      Type.String({
        maxLength: 2000,
        pattern: String.raw`^[\x21-\x7e]+$`,
        description:
          'Where to come back to, as a browser writes it: a path of this origin, or an address of an origin that the client names.',
        examples: ['/settings'],
      }),
    ),
  },
  { $id: 'StepUpByConnection' },
);
export type StepUpByConnection = Static<typeof StepUpByConnection>;

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
