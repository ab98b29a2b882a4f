import { Type, type Static } from 'typebox';
import { Id, Message, Name, Nullable, Time } from './shapes.ts';

const Scope = Type.String({
  maxLength: 200,
  pattern: '^[a-z][a-z0-9_-]*(?::[a-z][a-z0-9_-]*){1,2}$',
  examples: ['invoices:read'],
});
const Scopes = Type.Array(Scope, {
  maxItems: 500,
  uniqueItems: true,
  description: 'The permissions that it opens at most, as far as its owner holds them when it is used.',
});
const AllowedAddresses = Type.Array(
  Type.String({ minLength: 1, maxLength: 60, examples: ['203.0.113.0/24'] }),
  {
    maxItems: 100,
    uniqueItems: true,
    description: 'Addresses and CIDR ranges (IPv4 and IPv6) that it may be used from; empty for all.',
  },
);
const Until = Type.String({ format: 'date-time', examples: ['2027-01-31T00:00:00Z'] });

export const ApiKeyOwner = Message({
  kind: Type.String({ enum: ['user', 'service'] }),
  principalId: Id,
  userId: Nullable(Id),
  clientId: Nullable(Type.String({ description: 'Of a service.' })),
});
const apiKey = {
  id: Id,
  tenantId: Id,
  name: Name,
  shownAs: Type.String({
    description: 'Its prefix and its last four characters: all that is ever shown again.',
    examples: ['cf_prod_…7Qx2'],
  }),
  owner: ApiKeyOwner,
  scopes: Scopes,
  allowedAddresses: AllowedAddresses,
  expiresAt: Nullable(Time),
  lastUsedAt: Nullable(Time),
  createdAt: Time,
  rotatedAt: Nullable(Time),
};
export const ApiKey = Message(apiKey, { $id: 'ApiKey' });
export type ApiKey = Static<typeof ApiKey>;

export const NewApiKey = Message(
  {
    ...apiKey,
    key: Type.String({
      description: 'Shown this once. Send it as `Authorization: Bearer …`.',
      examples: ['cf_prod_<32 characters and 6 of a checksum>'],
    }),
  },
  { $id: 'NewApiKey' },
);
export type NewApiKey = Static<typeof NewApiKey>;

export const CreateApiKey = Message(
  {
    name: Name,
    scopes: Type.Optional(Scopes),
    serviceId: Type.Optional(
      Type.String({ ...Id, description: 'The service that owns it; without one it is the caller’s own.' }),
    ),
    allowedAddresses: Type.Optional(AllowedAddresses),
    expiresAt: Type.Optional(Until),
  },
  { $id: 'CreateApiKey' },
);
export type CreateApiKey = Static<typeof CreateApiKey>;

export const UpdateApiKey = Type.Object(
  {
    name: Type.Optional(Name),
    allowedAddresses: Type.Optional(AllowedAddresses),
    expiresAt: Type.Optional(Nullable(Until)),
  },
  { additionalProperties: false, minProperties: 1, $id: 'UpdateApiKey' },
);
export type UpdateApiKey = Static<typeof UpdateApiKey>;
