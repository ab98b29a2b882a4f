import type { Said, Via } from './provider-world.fixture.ts';
import type { Authenticator } from './second-factor.fixture.ts';

export const POLICIES = ['optional', 'mandatory', 'off'] as const;
export type Policy = (typeof POLICIES)[number];
export type Step =
  | { do: 'begin'; browser: number; via: Via }
  | {
      do: 'answer';
      which: number;
      at: 'same browser' | 'other browser' | 'other connection';
      as: 'owner' | 'owner, another account' | 'newcomer';
      isVerified: boolean;
      proved: 'now' | 'long ago' | 'not said';
      again: boolean;
    }
  | { do: 'verify' | 'enrol'; which: number; same: boolean; right: boolean }
  | { do: 'password'; browser: number; right: boolean }
  | { do: 'leave' | 'stepUp'; browser: number }
  | { do: 'link'; which: number; same: boolean; says: 'yes' | 'no' }
  | { do: 'unlink'; browser: number; via: Via }
  | { do: 'serve'; via: 'oidc' | 'saml'; on: boolean }
  | { do: 'restrict' | 'suspend' | 'domain'; on: boolean }
  | { do: 'demand'; policy: Policy }
  | { do: 'wait'; minutes: number };

/** Somebody, and what the model knows of them. */
export interface Somebody {
  email: string;
  app?: Authenticator;
  /** The providers' accounts that enter theirs, oldest first. */
  links: { via: Via; sub: string }[];
}
export interface Attempt {
  via: Via;
  browser: number;
  location: string;
  since: number;
  over: boolean;
  /** The session that is to go on when it comes back. */
  proves?: string | undefined;
  /** Sent back to prove anew who it is. */
  anew?: true;
  said?: Saying | undefined;
  back?: string | undefined;
}
/** What a provider says, and whom it means by it. */
export interface Saying {
  who: Somebody;
  sub: string;
  isVerified: boolean;
  provedAt: number;
  said: Said;
}
export interface Pending {
  token: string;
  waiting: 'second-factor' | 'enrolment';
  who: Somebody;
  via: Via | 'password';
  browser: number;
  since: number;
  provedAt: number;
  over: boolean;
}
export interface WaitingLink {
  token: string;
  via: Via;
  sub: string;
  browser: number;
  since: number;
  over: boolean;
}
/** A session that has to come of a step, and when its owner proved who they are. */
export interface Opening {
  who: Somebody;
  via: Via | 'password';
  browser: number;
  isMfa: boolean;
  provedAt: number;
  /** It goes on from another one. */
  isStepUp?: true;
}

export interface ProviderModel {
  state: unknown;
  /** Does it; resolves to what is wrong with what came of it, or undefined. */
  take(step: Step): Promise<{ wrong: string | undefined; opened: boolean }>;
}

export const MINUTE = 60_000;

/** Whether a first factor may be set up by a proof of that time: a recent one, or one of now where it was asked for. */
export const isEnough = (
  { via, since, anew }: Attempt,
  provedAt: number,
  now: number,
  { statesTime }: { statesTime: ReadonlySet<Via> },
): boolean =>
  anew === undefined
    ? now - provedAt <= 10 * MINUTE
    : provedAt >= since - 2 * MINUTE || (provedAt === 0 && !statesTime.has(via));
