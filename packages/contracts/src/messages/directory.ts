import { Type, type Static } from 'typebox';
import { OfferedConnection } from './connections.ts';
import {
  ClientId,
  Email,
  Id,
  Message,
  Name,
  Nullable,
  Password,
  RoleName,
  SingleUseToken,
  Time,
} from './shapes.ts';

export const UserStatus = Type.String({ enum: ['invited', 'active', 'suspended'] });
export const User = Message(
  {
    id: Id,
    tenantId: Id,
    principalId: Id,
    email: Email,
    emailVerified: Type.Boolean({ description: 'True once a mailed link has proved the address.' }),
    name: Name,
    status: UserStatus,
    locked: Type.Boolean({
      description: 'True while failed attempts keep sign-in or the second factors locked.',
    }),
    roles: Type.Array(RoleName),
    createdAt: Time,
    lastLoginAt: Nullable(Time),
  },
  { $id: 'User' },
);
export type User = Static<typeof User>;
export const CreateUser = Message(
  {
    email: Email,
    name: Name,
    roles: Type.Optional(Type.Array(RoleName, { maxItems: 20, uniqueItems: true })),
  },
  { $id: 'CreateUser' },
);
export type CreateUser = Static<typeof CreateUser>;
export const UpdateUser = Message({ name: Name }, { $id: 'UpdateUser' });

export const Membership = Message(
  {
    id: Id,
    tenantId: Id,
    userId: Id,
    userTenantId: Id,
    home: Type.Boolean({ description: 'True for the membership in the home tenant.' }),
    status: Type.String({ enum: ['active', 'suspended'] }),
    roles: Type.Array(RoleName),
    createdAt: Time,
  },
  { $id: 'Membership' },
);
export type Membership = Static<typeof Membership>;
export const CreateMembership = Message({ userId: Id }, { $id: 'CreateMembership' });
export const UpdateMembership = Message(
  { status: Type.String({ enum: ['active', 'suspended'] }) },
  { $id: 'UpdateMembership' },
);

export const InvitationStatus = Type.String({
  enum: ['open', 'expired', 'accepted', 'revoked'],
  description: 'Open: nobody has accepted yet.',
});
export const Invitation = Message(
  {
    id: Id,
    tenantId: Id,
    email: Email,
    roles: Type.Array(RoleName),
    status: InvitationStatus,
    mail: Nullable(
      Type.String({
        enum: ['waiting', 'sent', 'failed'],
        description: 'What became of the last mail with its link; null once that is no longer known.',
      }),
    ),
    importId: Nullable({ ...Id, description: 'Of invitations that one file made together.' }),
    invitedBy: Message({ userId: Id, userTenantId: Id }),
    createdAt: Time,
    sentAt: Time,
    expiresAt: Time,
    closedAt: Nullable(Time),
  },
  { $id: 'Invitation' },
);
export type Invitation = Static<typeof Invitation>;
export const CreateInvitation = Message(
  { email: Email, roles: Type.Optional(Type.Array(RoleName, { maxItems: 20, uniqueItems: true })) },
  { $id: 'CreateInvitation' },
);
export type CreateInvitation = Static<typeof CreateInvitation>;
/** What can be wrong with a line of a file of invitations. */
export const IMPORT_FAULTS = [
  'file_unreadable',
  'column_unknown',
  'column_missing',
  'fields_too_many',
  'email_invalid',
  'email_twice',
  'email_member',
  'email_invited',
  'role_unknown',
  'role_root_only',
  'role_beyond_own',
  'too_many_lines',
  'over_limit',
  'mail_limit',
] as const;
export const ImportFault = Message(
  {
    line: Type.Integer({ description: 'Of the file, counted from 1.', examples: [3] }),
    column: Nullable(
      Type.String({ description: '`email` or `roles`, or the heading of another.', examples: ['email'] }),
    ),
    code: Type.String({ enum: [...IMPORT_FAULTS], examples: ['email_twice'] }),
    value: Nullable(
      Type.String({ description: 'What stands there, as far as it fits.', examples: ['ada@example.com'] }),
    ),
  },
  { $id: 'ImportFault' },
);
export type ImportFault = Static<typeof ImportFault>;
const Csv = Type.String({
  minLength: 1,
  maxLength: 90_000,
  description:
    'Lines of comma-separated values (RFC 4180; semicolons and tabs do as well): an address, and role names with spaces between them. A first line of headings, `email` and `roles`, can be left out.',
  examples: ['email,roles\nada@example.com,SUPPORT_AGENT'],
});
export const CheckInvitationImport = Message({ csv: Csv }, { $id: 'CheckInvitationImport' });
export const InvitationImportCheck = Message(
  {
    lines: Type.Integer({ description: 'With anything on them, the headings apart.', examples: [20] }),
    good: Type.Integer({ description: 'That would be invited.', examples: [18] }),
    most: Type.Integer({ description: 'So many lines a file has at most.', examples: [200] }),
    faults: Type.Array(ImportFault, { description: 'The first 500, by line.' }),
  },
  { $id: 'InvitationImportCheck' },
);
export type InvitationImportCheck = Static<typeof InvitationImportCheck>;
export const ImportInvitations = Message(
  {
    csv: Csv,
    lines: Type.String({
      enum: ['all', 'good'],
      description: 'All: nothing happens where any line has a fault. Good: those with a fault are left out.',
    }),
  },
  { $id: 'ImportInvitations' },
);
export type ImportInvitations = Static<typeof ImportInvitations>;
export const InvitationImport = Message(
  {
    importId: Id,
    invited: Type.Integer({ examples: [18] }),
    faults: Type.Array(ImportFault, { description: 'Of the lines that were left out; the first 500.' }),
  },
  { $id: 'InvitationImport' },
);
export type InvitationImport = Static<typeof InvitationImport>;
export const InvitationImportProgress = Message(
  {
    importId: Id,
    invited: Type.Integer({ description: 'Those that are still known, 30 days after they were over.' }),
    mail: Message({ waiting: Type.Integer(), sent: Type.Integer(), failed: Type.Integer() }),
    status: Message({
      open: Type.Integer(),
      expired: Type.Integer(),
      accepted: Type.Integer(),
      revoked: Type.Integer(),
    }),
  },
  { $id: 'InvitationImportProgress' },
);
export type InvitationImportProgress = Static<typeof InvitationImportProgress>;
/** What the holder of an invitation's link is shown before accepting. */
export const InvitationLink = Message(
  {
    tenantName: Name,
    email: Email,
    expiresAt: Time,
    passwords: Type.Boolean({
      description:
        'Whether a new account may have a password: false where the tenant takes its own providers only.',
    }),
    connections: Type.Array(OfferedConnection, {
      description:
        'Identity providers by which the invitation can be accepted: `POST /api/v1/auth/invitation/provider`.',
    }),
  },
  { $id: 'InvitationLink' },
);
export type InvitationLink = Static<typeof InvitationLink>;
export const AcceptByProvider = Message(
  { token: SingleUseToken, connectionId: Id },
  { $id: 'AcceptByProvider' },
);
export type AcceptByProvider = Static<typeof AcceptByProvider>;
export const AcceptedInvitation = Message(
  { tenantId: Id, tenantName: Name, membershipId: Id },
  { $id: 'AcceptedInvitation' },
);
export type AcceptedInvitation = Static<typeof AcceptedInvitation>;
export const RegisterByInvitation = Message(
  { token: SingleUseToken, name: Name, password: Password },
  { $id: 'RegisterByInvitation' },
);
export type RegisterByInvitation = Static<typeof RegisterByInvitation>;

export const TenantType = Type.String({ enum: ['customer', 'partner', 'internal'] });
export const Tenant = Message(
  {
    id: Id,
    parentId: Nullable(Id),
    type: TenantType,
    status: Type.String({ enum: ['active', 'suspended', 'deleted'] }),
    name: Name,
    slug: Nullable(Type.String()),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: 'Tenant' },
);
export type Tenant = Static<typeof Tenant>;
export const Slug = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$', examples: ['acme'] });
export const CreateTenant = Message(
  { name: Name, type: Type.String({ enum: ['customer', 'partner'] }), slug: Type.Optional(Slug) },
  { $id: 'CreateTenant' },
);
export type CreateTenant = Static<typeof CreateTenant>;
export const UpdateTenant = Type.Object(
  { name: Type.Optional(Name), slug: Type.Optional(Nullable(Slug)) },
  { additionalProperties: false, minProperties: 1, $id: 'UpdateTenant' },
);
export type UpdateTenant = Static<typeof UpdateTenant>;

const Origin = Type.String({
  maxLength: 300,
  pattern: String.raw`^https?://(?:[A-Za-z0-9.-]+|\[::1\])(?::[0-9]{1,5})?$`,
  examples: ['https://app.example.com'],
});
const RedirectUri = Type.String({
  maxLength: 2000,
  pattern: String.raw`^[a-z][a-z0-9+.-]*:[^\s#]+$`,
  description:
    'Compared character by character. https, or http on a loopback address; for native clients also a scheme with a dot (RFC 8252 §7.1).',
  examples: ['https://app.example.com/callback'],
});
const clientFields = {
  name: Name,
  kind: Type.String({ enum: ['web', 'spa', 'native'], description: 'What the client is (RFC 6749 §2.1).' }),
  tokenMode: Type.String({
    enum: ['cookie', 'bearer'],
    description: 'Where the access token travels: in a cookie, or in the body and in `Authorization`.',
  }),
  redirectUris: Type.Array(RedirectUri, { maxItems: 50, uniqueItems: true }),
  origins: Type.Array(Origin, {
    maxItems: 50,
    uniqueItems: true,
    description: 'Web origins whose pages may call with credentials: https, or http on a loopback address.',
  }),
  cookieDomain: Nullable(
    Type.String({
      maxLength: 253,
      pattern: '^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$',
      description:
        'The domain of the access cookie, for sibling subdomains; all origins lie under it. Null: the cookie stays with its host.',
      examples: ['example.com'],
    }),
  ),
};
export const Client = Message(
  {
    id: Id,
    tenantId: Id,
    clientId: ClientId,
    ...clientFields,
    status: Type.String({ enum: ['active', 'suspended'] }),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: 'Client' },
);
export type Client = Static<typeof Client>;
export const CreateClient = Message(
  {
    clientId: ClientId,
    name: Name,
    kind: clientFields.kind,
    tokenMode: Type.Optional(clientFields.tokenMode),
    redirectUris: Type.Optional(clientFields.redirectUris),
    origins: Type.Optional(clientFields.origins),
    cookieDomain: Type.Optional(clientFields.cookieDomain),
  },
  { $id: 'CreateClient' },
);
export type CreateClient = Static<typeof CreateClient>;
export const UpdateClient = Type.Object(
  {
    name: Type.Optional(Name),
    tokenMode: Type.Optional(clientFields.tokenMode),
    redirectUris: Type.Optional(clientFields.redirectUris),
    origins: Type.Optional(clientFields.origins),
    cookieDomain: Type.Optional(clientFields.cookieDomain),
  },
  { additionalProperties: false, minProperties: 1, $id: 'UpdateClient' },
);
export type UpdateClient = Static<typeof UpdateClient>;

export const Role = Message(
  {
    id: Id,
    name: RoleName,
    title: Type.String(),
    description: Type.String(),
    group: Type.String(),
    system: Type.Boolean({ description: 'Built in, immutable.' }),
    permissions: Type.Array(Type.String()),
  },
  { $id: 'Role' },
);
export type Role = Static<typeof Role>;
export const RoleAssignment = Message(
  {
    id: Id,
    tenantId: Id,
    principalId: Id,
    role: RoleName,
    via: Type.String({ enum: ['direct', 'bootstrap', 'registration', 'connection'] }),
    grantedBy: Nullable(Id),
    expiresAt: Nullable(Time),
    createdAt: Time,
  },
  { $id: 'RoleAssignment' },
);
export type RoleAssignment = Static<typeof RoleAssignment>;
export const CreateRoleAssignment = Message(
  {
    principalId: Id,
    role: RoleName,
    expiresAt: Type.Optional(Type.String({ format: 'date-time', examples: ['2027-01-31T00:00:00Z'] })),
  },
  { $id: 'CreateRoleAssignment' },
);
export type CreateRoleAssignment = Static<typeof CreateRoleAssignment>;
