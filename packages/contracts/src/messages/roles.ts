import { Type, type Static } from 'typebox';
import { Id, Message, Name, Nullable, PLAIN_TEXT, RoleName, Time } from './shapes.ts';

/** `resource:action`, or `service:resource:action` of a service that has registered it. */
export const PermissionName = Type.String({
  maxLength: 200,
  pattern: '^[a-z][a-z0-9_-]*(:[a-z][a-z0-9_]*){1,2}$',
  description: '`resource:action`, or `service:resource:action` of a service that has registered it.',
  examples: ['tickets:read'],
});
const Permissions = Type.Array(PermissionName, {
  maxItems: 1000,
  uniqueItems: true,
  description: 'All that the role holds. There are no wildcards.',
  examples: [['tickets:read', 'tickets:close']],
});
const Description = Type.String({
  maxLength: 500,
  pattern: PLAIN_TEXT,
  examples: ['Answers tickets at night.'],
});

export const CreateRole = Message(
  {
    name: Type.String({
      pattern: '^[a-z][a-z0-9_-]{1,62}$',
      description: 'How programs call it, for good; in tokens, too. Never that of a built-in role.',
      examples: ['night_desk'],
    }),
    title: Name,
    description: Type.Optional(Description),
    permissions: Permissions,
  },
  { $id: 'CreateRole' },
);
export type CreateRole = Static<typeof CreateRole>;
export const UpdateRole = Type.Object(
  {
    title: Type.Optional(Name),
    description: Type.Optional(Description),
    permissions: Type.Optional(Permissions),
  },
  { additionalProperties: false, minProperties: 1, $id: 'UpdateRole' },
);
export type UpdateRole = Static<typeof UpdateRole>;

export const EffectivePermissions = Message(
  {
    permissions: Type.Array(
      Message({
        permission: PermissionName,
        reasons: Type.Array(
          Message({
            role: RoleName,
            group: Nullable(Message({ id: Id, name: Type.String({ examples: ['Accounting'] }) })),
            expiresAt: Nullable(Time),
          }),
          { description: 'Any one of them is enough.' },
        ),
      }),
      { description: 'By name.' },
    ),
  },
  { $id: 'EffectivePermissions' },
);
export type EffectivePermissions = Static<typeof EffectivePermissions>;

export const UnusedGrant = Message(
  {
    principalId: Id,
    assignmentId: Nullable(Id),
    group: Nullable(Message({ id: Id, name: Type.String({ examples: ['Accounting'] }) })),
    roles: Type.Array(RoleName),
    since: Time,
    lastUsedOn: Nullable(Type.String({ description: 'The day, UTC.', examples: ['2026-08-14'] })),
  },
  { $id: 'UnusedGrant', description: 'An assignment of a role, or a membership of a group.' },
);
export type UnusedGrant = Static<typeof UnusedGrant>;
