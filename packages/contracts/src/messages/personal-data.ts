import { Type, type Static } from 'typebox';
import { Consent } from './consents.ts';
import { Email, Id, Message, Name, Nullable, Time } from './shapes.ts';

const State = Nullable(Type.Record(Type.String(), Type.Unknown()));

/**
 * Everything that Gatehouse holds of one person, as one JSON document (GDPR Art. 15 and 20). Members are added in later versions
 * and never taken away or given another meaning; `version` counts what would break a reader.
 */
export const PersonalData = Message(
  {
    format: Type.Literal('gatehouse-personal-data'),
    version: Type.Literal(1),
    exportedAt: Time,
    deployment: Type.String({ description: 'The address of the service.' }),
    person: Message({
      id: Id,
      tenantId: Id,
      email: Email,
      name: Name,
      status: Type.String({ enum: ['invited', 'active', 'suspended'] }),
      emailVerifiedAt: Nullable(Time),
      lastLoginAt: Nullable(Time),
      createdAt: Time,
      updatedAt: Time,
    }),
    tenant: Message({ id: Id, name: Type.String(), type: Type.String() }),
    signInAddresses: Type.Array(Type.String(), {
      description: 'The addresses that enter the account, in the form in which they are compared.',
    }),
    membership: Message({
      id: Id,
      status: Type.String(),
      createdAt: Time,
      roles: Type.Array(
        Message({ role: Type.String(), via: Type.String(), grantedAt: Time, expiresAt: Nullable(Time) }),
      ),
      groups: Type.Array(Message({ name: Type.String(), addedAt: Time }), {
        description: 'Whose roles the person holds as well.',
      }),
    }),
    membershipsElsewhere: Type.Array(
      Message({ id: Id, tenantId: Id, tenantName: Type.String(), createdAt: Time }),
      {
        description:
          'What another tenant keeps of a guest, its roles and its trail, is asked of that tenant.',
      },
    ),
    credentials: Type.Array(
      Message({
        id: Id,
        kind: Type.String(),
        label: Nullable(Type.String()),
        createdAt: Time,
        updatedAt: Time,
        lastUsedAt: Nullable(Time),
      }),
      { description: 'What there is to sign in with. The secrets themselves leave nowhere.' },
    ),
    apiKeys: Type.Array(
      Message({
        id: Id,
        name: Type.String(),
        shownAs: Type.String(),
        scopes: Type.Array(Type.String()),
        allowedAddresses: Type.Array(Type.String()),
        createdAt: Time,
        expiresAt: Nullable(Time),
        lastUsedAt: Nullable(Time),
      }),
      { description: 'API keys of the person’s own at home. The keys themselves are stored nowhere.' },
    ),
    rememberedDevices: Type.Array(Message({ userAgent: Type.String(), createdAt: Time, expiresAt: Time }), {
      description: 'Browsers that are asked for no second factor.',
    }),
    externalIdentities: Type.Array(
      Message({
        connectionId: Id,
        issuer: Type.String(),
        subject: Type.String(),
        linkedBy: Type.String({
          enum: ['connection', 'owner'],
          description: 'Whether the person linked it after signing in, or the connection did, unasked.',
        }),
        createdAt: Time,
      }),
    ),
    links: Type.Array(
      Message({ purpose: Type.String(), createdAt: Time, expiresAt: Time, usedAt: Nullable(Time) }),
      { description: 'Links that were mailed to the person.' },
    ),
    sessions: Type.Array(
      Message({
        id: Id,
        clientId: Type.String(),
        activeTenantId: Id,
        ip: Nullable(Type.String()),
        userAgent: Nullable(Type.String()),
        amr: Type.Array(Type.String()),
        authTime: Nullable(Time),
        createdAt: Time,
        lastUsedAt: Time,
        expiresAt: Time,
        endedAt: Nullable(Time),
        endReason: Nullable(Type.String()),
      }),
    ),
    consents: Type.Array(Consent, { description: 'The whole trail, newest first.' }),
    records: Type.Array(
      Message({
        id: Id,
        time: Time,
        action: Type.String(),
        actor: Message({ kind: Type.String(), id: Nullable(Id) }),
        resource: Message({ type: Type.String(), id: Nullable(Type.String()) }),
        before: State,
        after: State,
        ip: Nullable(Type.String()),
        userAgent: Nullable(Type.String()),
        correlationId: Type.String(),
      }),
      {
        description:
          'The audit records of the home tenant that the person caused or that are about the person, oldest first. What they say of others is null.',
      },
    ),
  },
  { $id: 'PersonalData' },
);
export type PersonalData = Static<typeof PersonalData>;
