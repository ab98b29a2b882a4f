import { Type, type Static } from 'typebox';
import { Branding } from './branding.ts';
import { OfferedConnection } from './connections.ts';
import { TenantSettings } from './settings.ts';
import {
  ClientId,
  ClientSelector,
  Email,
  Id,
  Message,
  Name,
  Nullable,
  Password,
  SingleUseToken,
  Time,
} from './shapes.ts';

const user = {
  id: Id,
  tenantId: Id,
  email: Email,
  name: Name,
  status: Type.String({ enum: ['invited', 'active', 'suspended'] }),
  createdAt: Time,
};
export const SignedInUser = Message(user, { $id: 'SignedInUser' });
export type SignedInUser = Static<typeof SignedInUser>;

export const LoginRequest = Message(
  { email: Email, password: Password, client: ClientSelector },
  { $id: 'LoginRequest' },
);
export type LoginRequest = Static<typeof LoginRequest>;

/** Cookie mode answers `{ user }`; bearer mode adds the access token (RFC 6749 §5.1). The refresh token is never in a body. */
export const SignInResponse = Message(
  {
    user: SignedInUser,
    access_token: Type.Optional(Type.String({ description: 'Bearer mode only: an RFC 9068 access token.' })),
    token_type: Type.Optional(Type.Literal('Bearer')),
    expires_in: Type.Optional(Type.Integer({ description: 'Seconds.', examples: [900] })),
  },
  { $id: 'SignInResponse' },
);
export type SignInResponse = Static<typeof SignInResponse>;

export const ClientOnlyRequest = Message({ client: ClientSelector }, { $id: 'ClientOnlyRequest' });
export type ClientOnlyRequest = Static<typeof ClientOnlyRequest>;

export const CheckMethodRequest = Message({ email: Email }, { $id: 'CheckMethodRequest' });
export const CheckMethodResponse = Message(
  {
    methods: Type.Array(Type.String({ enum: ['password', 'passkey', 'sso', 'mail_link', 'mail_code'] })),
    connection: Nullable(
      Message(
        { id: Id, name: Name },
        { description: 'Where people of this domain sign in: `GET /api/v1/auth/connections/{id}/login`.' },
      ),
    ),
  },
  { $id: 'CheckMethodResponse' },
);

export const MailSignInRequest = Message(
  { email: Email, method: Type.String({ enum: ['link', 'code'] }), client: ClientSelector },
  { $id: 'MailSignInRequest' },
);
export type MailSignInRequest = Static<typeof MailSignInRequest>;
/** What the holder of a mailed link is shown before it is spent. */
export const MailSignInLink = Message(
  { email: Email, here: Type.Boolean({ description: 'Whether this browser asked for the link.' }) },
  { $id: 'MailSignInLink' },
);
export type MailSignInLink = Static<typeof MailSignInLink>;
export const SignInByMailLink = Message(
  {
    token: SingleUseToken,
    elsewhere: Type.Optional(
      Type.Boolean({
        description:
          'Set once the person has confirmed that they mean to sign in in a browser that did not ask.',
      }),
    ),
    client: ClientSelector,
  },
  { $id: 'SignInByMailLink' },
);
export type SignInByMailLink = Static<typeof SignInByMailLink>;
export const SignInByMailCode = Message(
  {
    email: Email,
    code: Type.String({
      pattern: '^[0-9]{8}$',
      description: 'Eight digits, as they stand in the mail.',
      examples: ['40718265'],
    }),
    client: ClientSelector,
  },
  { $id: 'SignInByMailCode' },
);
export type SignInByMailCode = Static<typeof SignInByMailCode>;

export const RegisterRequest = Message(
  { email: Email, password: Password, name: Name, tenantName: Name },
  { $id: 'RegisterRequest' },
);
export type RegisterRequest = Static<typeof RegisterRequest>;
export const ConfirmRegistrationRequest = Message(
  { token: SingleUseToken, password: Password, client: ClientSelector },
  { $id: 'ConfirmRegistrationRequest' },
);
export type ConfirmRegistrationRequest = Static<typeof ConfirmRegistrationRequest>;
export const SetPasswordRequest = Message(
  { token: SingleUseToken, password: Password },
  { $id: 'SetPasswordRequest' },
);
export type SetPasswordRequest = Static<typeof SetPasswordRequest>;
export const ForgotPasswordRequest = Message(
  { email: Email, client: ClientSelector },
  { $id: 'ForgotPasswordRequest' },
);
export type ForgotPasswordRequest = Static<typeof ForgotPasswordRequest>;
export const ResetPasswordRequest = Message(
  { token: SingleUseToken, password: Password },
  { $id: 'ResetPasswordRequest' },
);
export type ResetPasswordRequest = Static<typeof ResetPasswordRequest>;
export const ChangePasswordRequest = Message(
  { currentPassword: Password, newPassword: Password },
  { $id: 'ChangePasswordRequest' },
);
export type ChangePasswordRequest = Static<typeof ChangePasswordRequest>;
export const ChangeEmailRequest = Message(
  { newEmail: Email, password: Password },
  { $id: 'ChangeEmailRequest' },
);
export type ChangeEmailRequest = Static<typeof ChangeEmailRequest>;
export const ConfirmEmailRequest = Message(
  { token: SingleUseToken, password: Password },
  { $id: 'ConfirmEmailRequest' },
);
export type ConfirmEmailRequest = Static<typeof ConfirmEmailRequest>;
/** A mailed link that needs nothing beside it. */
export const LinkRequest = Message({ token: SingleUseToken }, { $id: 'LinkRequest' });
export const SetupRequest = Message(
  { token: SingleUseToken, email: Email, name: Name, password: Password },
  { $id: 'SetupRequest' },
);
export type SetupRequest = Static<typeof SetupRequest>;

export const Me = Message(
  {
    user: Message({
      ...user,
      emailVerified: Type.Boolean({ description: 'True once a mailed link has proved the address.' }),
    }),
    tenant: Message({
      id: Id,
      name: Name,
      type: Type.String({ enum: ['customer', 'partner', 'internal'] }),
      status: Type.String(),
      locale: TenantSettings.properties.locale,
      timeZone: TenantSettings.properties.timeZone,
      currency: TenantSettings.properties.currency,
      dateFormat: TenantSettings.properties.dateFormat,
      limits: TenantSettings.properties.limits,
      features: TenantSettings.properties.features,
    }),
    session: Message({
      id: Id,
      clientId: ClientId,
      createdAt: Time,
      expiresAt: Time,
      amr: Type.Array(
        Type.String({
          description: 'RFC 8176 method; `fed`: an identity provider vouched.',
          examples: ['pwd'],
        }),
      ),
      acr: Type.String({
        enum: ['1', '2'],
        description: 'How strongly: 2 where a second factor was proved in this session.',
      }),
      authTime: Type.Union([Time, Type.Null()], {
        description:
          'When the person proved who they are; null where an identity provider let them in and does not say.',
      }),
    }),
    roles: Type.Array(Type.String()),
    permissions: Type.Array(Type.String()),
  },
  { $id: 'Me' },
);
export type Me = Static<typeof Me>;

export const SignInOptionsQuery = Message({
  client: ClientSelector,
  tenant: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$',
      description:
        'The slug or the id of the tenant whose branding is asked for; else that of the client’s tenant.',
      examples: ['acme'],
    }),
  ),
});

/** A tenant that somebody may work in. */
export const OwnTenant = Message(
  {
    id: Id,
    name: Name,
    type: Type.String({ enum: ['customer', 'partner', 'internal'] }),
    status: Type.String({
      enum: ['active', 'suspended'],
      description: 'Suspended where the tenant is, or the membership in it: then it cannot be switched to.',
    }),
    home: Type.Boolean({ description: 'True for the tenant that governs the account.' }),
    current: Type.Boolean({ description: 'True for the tenant that this session works in.' }),
    memberSince: Time,
  },
  { $id: 'OwnTenant' },
);
export type OwnTenant = Static<typeof OwnTenant>;
export const SwitchTenantRequest = Message({ tenantId: Id }, { $id: 'SwitchTenantRequest' });
export type SwitchTenantRequest = Static<typeof SwitchTenantRequest>;
export const SignInOptions = Message(
  {
    deploymentName: Type.String(),
    registration: Type.String({ enum: ['closed', 'tenant'] }),
    policy: Type.String({ enum: ['standard', 'restricted'] }),
    devMailUrl: Nullable(
      Type.String({
        description:
          'The development mailbox, for a browser that was let in by the link that the start prints; null in production.',
      }),
    ),
    branding: Nullable(Branding),
    connections: Type.Array(OfferedConnection, {
      description: 'Identity providers of the platform, and of the tenant that is named.',
    }),
    mailSignIn: Message(
      { link: Type.Boolean(), code: Type.Boolean() },
      { description: 'Whether the tenant lets its people in by a mailed link or code.' },
    ),
    passwordRules: Message(
      { minLength: Type.Integer({ examples: [8] }), symbol: Type.Boolean() },
      {
        description:
          'What the tenant asks of a new password, beside an upper-case letter, a lower-case one and a digit.',
      },
    ),
    passkeys: Type.Boolean({
      description: 'Whether one can sign in by a passkey: not by single sign-on only, and at a host name.',
    }),
    setupRequired: Type.Boolean({ description: 'True until the first administrator exists.' }),
    secureContext: Type.Boolean({
      description: 'False where browsers would drop the secure cookies of this address.',
    }),
  },
  { $id: 'SignInOptions' },
);
export type SignInOptions = Static<typeof SignInOptions>;

export const Session = Message(
  {
    id: Id,
    userId: Id,
    current: Type.Boolean(),
    clientId: ClientId,
    ip: Nullable(Type.String()),
    userAgent: Nullable(Type.String()),
    createdAt: Time,
    lastUsedAt: Time,
    expiresAt: Time,
  },
  { $id: 'Session' },
);
export type Session = Static<typeof Session>;
export const EndedSessions = Message({ ended: Type.Integer() }, { $id: 'EndedSessions' });
