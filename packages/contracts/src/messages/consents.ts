import { Type, type Static } from 'typebox';
import { Id, Message, Nullable, PageQuery, Time } from './shapes.ts';

export const Purpose = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
  description: 'What was consented to, in the words of the app that asks.',
  examples: ['product-news'],
});
export const TextVersion = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,62}$',
  description: 'Which version of the text was shown.',
  examples: ['2026-11'],
});

/** One entry of the trail. What counts for a purpose is its newest entry. */
export const Consent = Message(
  {
    id: Id,
    userId: Id,
    purpose: Purpose,
    version: TextVersion,
    state: Type.String({ enum: ['granted', 'withdrawn'] }),
    current: Type.Boolean({ description: 'The newest entry of its purpose: the one that counts.' }),
    time: Time,
    ip: Nullable(Type.String({ examples: ['203.0.113.7'] })),
    userAgent: Nullable(Type.String({ examples: ['Mozilla/5.0'] })),
    correlationId: Type.String({ examples: ['4bf92f3577b34da6a3ce929d0e0e4736'] }),
  },
  { $id: 'Consent' },
);
export type Consent = Static<typeof Consent>;

export const GrantConsent = Message({ purpose: Purpose, version: TextVersion }, { $id: 'GrantConsent' });
export type GrantConsent = Static<typeof GrantConsent>;
export const WithdrawConsent = Message({ purpose: Purpose }, { $id: 'WithdrawConsent' });
export type WithdrawConsent = Static<typeof WithdrawConsent>;

export const ConsentsQuery = PageQuery({
  current: Type.Optional(
    Type.Boolean({ description: 'Only what counts: the newest entry of each purpose.' }),
  ),
});
