import { Type, type Static } from 'typebox';
import { ClientId, Id, Message, Name, Nullable, Time } from './shapes.ts';

const Namespace = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,62}$',
  description: 'What the service belongs to, such as a namespace of the cluster. It never changes.',
  examples: ['billing'],
});
export const ServiceSecret = Message(
  { id: Id, createdAt: Time, expiresAt: Nullable(Time) },
  { description: 'One of two live secrets at most; the secret itself is not kept.' },
);
const service = {
  id: Type.String({ ...Id, description: 'Of its principal as well: what roles are given to.' }),
  tenantId: Id,
  clientId: ClientId,
  name: Name,
  namespace: Namespace,
  audience: Type.String({
    description: 'What tokens for it are issued for: ask for it as `resource` (RFC 8707).',
    examples: ['https://id.example.com/services/invoicer'],
  }),
  status: Type.String({ enum: ['active', 'suspended'] }),
  secrets: Type.Array(ServiceSecret),
  createdAt: Time,
  updatedAt: Time,
};
export const Service = Message(service, { $id: 'Service' });
export type Service = Static<typeof Service>;

const secret = Type.String({
  description: 'Shown this once. For HTTP Basic or the form at `/oauth2/token` (RFC 6749 §2.3.1).',
  examples: ['<43 characters>'],
});
export const NewService = Message({ ...service, clientSecret: secret }, { $id: 'NewService' });
export type NewService = Static<typeof NewService>;

export const CreateService = Message(
  { clientId: ClientId, name: Name, namespace: Namespace },
  { $id: 'CreateService' },
);
export type CreateService = Static<typeof CreateService>;
export const UpdateService = Message({ name: Name }, { $id: 'UpdateService' });
export type UpdateService = Static<typeof UpdateService>;

export const RotateServiceSecret = Message(
  {
    overlapMinutes: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 43_200,
        default: 1440,
        description: 'How long the secret before stays good, so that every instance can take up the new one.',
      }),
    ),
  },
  { $id: 'RotateServiceSecret' },
);
export type RotateServiceSecret = Static<typeof RotateServiceSecret>;
export const NewServiceSecret = Message(
  { ...ServiceSecret.properties, clientSecret: secret },
  { $id: 'NewServiceSecret' },
);
export type NewServiceSecret = Static<typeof NewServiceSecret>;

export const ServiceCalls = Message(
  {
    mayCall: Type.Array(Id, {
      maxItems: 500,
      uniqueItems: true,
      description: 'Ids of the services that this one may call. What is not named here is refused.',
    }),
  },
  { $id: 'ServiceCalls' },
);
export type ServiceCalls = Static<typeof ServiceCalls>;
