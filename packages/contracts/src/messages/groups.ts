import { Type, type Static } from 'typebox';
import { Id, Message, Name, Nullable, PLAIN_TEXT, RoleName, Time } from './shapes.ts';

const Description = Type.String({
  maxLength: 500,
  pattern: PLAIN_TEXT,
  examples: ['Who keeps the books.'],
});

export const Group = Message(
  {
    id: Id,
    tenantId: Id,
    name: Name,
    description: Type.String(),
    roles: Type.Array(RoleName, { description: 'What its members hold through it now.' }),
    members: Type.Integer({ description: 'How many.' }),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: 'Group', description: 'Its id is that of its principal: what roles are assigned to.' },
);
export type Group = Static<typeof Group>;
export const CreateGroup = Message(
  { name: Name, description: Type.Optional(Description) },
  { $id: 'CreateGroup', examples: [{ name: 'Accounting', description: 'Who keeps the books.' }] },
);
export type CreateGroup = Static<typeof CreateGroup>;
export const UpdateGroup = Type.Object(
  { name: Type.Optional(Name), description: Type.Optional(Description) },
  { additionalProperties: false, minProperties: 1, $id: 'UpdateGroup' },
);
export type UpdateGroup = Static<typeof UpdateGroup>;

export const GroupMember = Message(
  {
    principalId: Id,
    kind: Type.String({ enum: ['member', 'service'] }),
    userId: Nullable(Id),
    name: Nullable(Type.String({ description: 'Of a user who is at home here; of a guest, null.' })),
    email: Nullable(Type.String()),
    addedAt: Time,
  },
  { $id: 'GroupMember' },
);
export type GroupMember = Static<typeof GroupMember>;
export const AddGroupMember = Message(
  { principalId: Id },
  {
    $id: 'AddGroupMember',
    description: 'The principal of a member (the id of the membership) or of a service.',
  },
);
