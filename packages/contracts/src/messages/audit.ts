import { Type, type Static } from 'typebox';
import { Id, Message, Nullable, Time } from './shapes.ts';

const State = Nullable(Type.Record(Type.String(), Type.Unknown()));
export const AuditRecord = Message(
  {
    id: Id,
    tenantId: Id,
    time: Time,
    action: Type.String({ examples: ['login'] }),
    actor: Message({
      kind: Type.String({ enum: ['user', 'system', 'anonymous'] }),
      id: Nullable(Id),
      tenantId: Nullable(Id),
      label: Nullable(Type.String({ description: "The actor's address at that time; null once erased." })),
    }),
    resource: Message({ type: Type.String(), id: Nullable(Type.String()), label: Nullable(Type.String()) }),
    before: State,
    after: State,
    ip: Nullable(Type.String()),
    userAgent: Nullable(Type.String()),
    correlationId: Type.String(),
  },
  { $id: 'AuditRecord' },
);
export type AuditRecord = Static<typeof AuditRecord>;
