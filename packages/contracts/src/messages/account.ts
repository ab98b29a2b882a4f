import { Type, type Static } from 'typebox';
import { Id, Message, Name, Nullable, Time } from './shapes.ts';

export const UpdateProfile = Message({ name: Name }, { $id: 'UpdateProfile' });
export type UpdateProfile = Static<typeof UpdateProfile>;

/** One line of what happened to one's account: enough to notice what one did not do oneself. */
export const Activity = Message(
  {
    id: Id,
    time: Time,
    action: Type.String({ examples: ['login'] }),
    by: Type.String({
      enum: ['you', 'someone', 'nobody', 'system'],
      description:
        '`someone`: another person, as an administrator. `nobody`: whoever it was had not signed in, as at a sign-in that failed.',
    }),
    ip: Nullable(Type.String({ description: 'From where; null for acts of other people.' })),
    userAgent: Nullable(Type.String()),
  },
  { $id: 'Activity' },
);
export type Activity = Static<typeof Activity>;
