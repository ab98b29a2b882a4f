import { Type, type Static } from 'typebox';
import { Id, Message, Nullable, Time } from './shapes.ts';

export const AuditSeal = Message(
  {
    state: Type.String({
      enum: ['pending', 'verified', 'broken'],
      description:
        'Found out at this reading. `pending`: the sealer has not come to it yet (about a second). `verified`: its hash is in the tree that the checkpoint signs. `broken`: it is not.',
    }),
    seq: Nullable(Type.Integer({ minimum: 0, description: 'Its number among the records of the tenant.' })),
    hash: Nullable(
      Type.String({ description: 'SHA-256 of its canonical form as a leaf of RFC 9162, in base64.' }),
    ),
  },
  { $id: 'AuditSeal' },
);
export type AuditSeal = Static<typeof AuditSeal>;
export const AuditProof = Message(
  {
    entry: Type.String({ description: 'The canonical form (RFC 8785): what is hashed.' }),
    sealedHash: Type.String({ description: 'The hash that was noted when it was sealed.' }),
    fault: Nullable(
      Type.String({
        enum: ['record', 'tree', 'checkpoint'],
        description:
          '`record`: it is not what was sealed. `tree`: the hashes around it are not those of the signed tree. `checkpoint`: there is none that our key has signed.',
      }),
    ),
    treeSize: Nullable(Type.Integer({ minimum: 1 })),
    path: Type.Array(Type.String(), { description: 'The inclusion proof of RFC 9162 §2.1.3, in base64.' }),
    checkpoint: Nullable(Type.String({ description: 'A signed note (C2SP tlog-checkpoint).' })),
  },
  { $id: 'AuditProof' },
);
export type AuditProof = Static<typeof AuditProof>;

const State = Nullable(Type.Record(Type.String(), Type.Unknown()));
const record = {
  id: Id,
  tenantId: Id,
  time: Time,
  action: Type.String({ examples: ['login'] }),
  actor: Message({
    kind: Type.String({ enum: ['user', 'service', 'api_key', 'system', 'anonymous'] }),
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
  seal: AuditSeal,
};
export const AuditRecord = Message(record, { $id: 'AuditRecord' });
export type AuditRecord = Static<typeof AuditRecord>;
export const AuditRecordDetail = Message(
  { ...record, proof: Nullable(AuditProof) },
  { $id: 'AuditRecordDetail' },
);
export type AuditRecordDetail = Static<typeof AuditRecordDetail>;

const RetentionDays = Type.Union([Type.Integer({ minimum: 1, maximum: 36_500 }), Type.Null()], {
  description: 'Days for which records are kept; null: for good.',
  examples: [400],
});
export const AuditRetention = Message(
  {
    days: RetentionDays,
    minimumDays: Type.Integer({ description: 'The deployment keeps every record for so long at least.' }),
    removedBelow: Type.Integer({ minimum: 0, description: 'Records below this number are gone.' }),
    removedBefore: Nullable(
      Type.String({ description: 'Each of those happened before.', examples: ['2026-01-01T00:00:00.000Z'] }),
    ),
    checkpoint: Nullable(
      Type.String({
        description: 'The signed note that stands in their place, from which the rest verifies.',
      }),
    ),
  },
  { $id: 'AuditRetention' },
);
export type AuditRetention = Static<typeof AuditRetention>;
export const UpdateAuditRetention = Message({ days: RetentionDays }, { $id: 'UpdateAuditRetention' });
