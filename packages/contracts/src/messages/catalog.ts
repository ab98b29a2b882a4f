import { Type, type Static } from 'typebox';
import { Message, PLAIN_TEXT, Time } from './shapes.ts';
import { PermissionName } from './roles.ts';

const SERVICE = '^[a-z][a-z0-9_-]{0,62}$';
export const ServiceName = Type.String({ pattern: SERVICE, examples: ['billing'] });
const RESOURCE_TYPE = '^[a-z][a-z0-9_-]{0,62}:[a-z][a-z0-9_]{0,62}$';
const ATTRIBUTE = '^[a-z][A-Za-z0-9_]{0,62}$';

export const AttributeType = Type.String({
  enum: ['string', 'bool', 'int', 'double', 'timestamp', 'list<string>', 'map'],
  description: 'In the words of CEL.',
  examples: ['string'],
});
const RegisteredPermission = Message({
  name: PermissionName,
  description: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: PLAIN_TEXT,
    description: 'What it lets its holder do, for whoever gives it.',
    examples: ['Read invoices'],
  }),
});
const Resources = Type.Record(
  Type.String({ pattern: RESOURCE_TYPE }),
  Message({
    attributes: Type.Record(Type.String({ pattern: ATTRIBUTE }), AttributeType, {
      additionalProperties: false,
      maxProperties: 100,
    }),
  }),
  {
    additionalProperties: false,
    maxProperties: 200,
    description: 'Types of resource, by `service:resource`, with the attributes that policies may speak of.',
    examples: [{ 'billing:invoices': { attributes: { owner_id: 'string', amount: 'double' } } }],
  },
);

/** All that a service registers, in the place of what it registered before. */
export const CatalogDocument = Message(
  {
    permissions: Type.Array(RegisteredPermission, {
      maxItems: 500,
      description: 'Each begins with the name of the service.',
      examples: [[{ name: 'billing:invoices:read', description: 'Read invoices' }]],
    }),
    resources: Type.Optional(Resources),
  },
  { $id: 'CatalogDocument' },
);
export type CatalogDocument = Static<typeof CatalogDocument>;

export const CatalogService = Message(
  {
    service: ServiceName,
    everywhere: Type.Boolean({ description: 'Registered in the root tenant: it counts in every tenant.' }),
    permissions: Type.Array(RegisteredPermission),
    resources: Resources,
    version: Type.Integer({ description: 'One more with each document that differs.' }),
    updatedAt: Time,
  },
  { $id: 'CatalogService' },
);
export type CatalogService = Static<typeof CatalogService>;

export const Catalog = Message(
  {
    groups: Type.Array(
      Message({
        name: Type.String({ examples: ['people'] }),
        title: Type.String({ examples: ['People and sessions'] }),
        permissions: Type.Array(RegisteredPermission),
      }),
      { description: 'Built in, in the order in which people are shown them.' },
    ),
    services: Type.Array(CatalogService, { description: 'Registered, by name.' }),
  },
  { $id: 'Catalog', description: 'All that roles of the tenant can hold.' },
);
export type Catalog = Static<typeof Catalog>;
