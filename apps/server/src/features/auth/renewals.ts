import { doTogether } from '../../platform/database/index.ts';
import type { Deps } from '../deps.ts';
import { type Renewal, type RenewalRequest, renewSession, renewSessions } from './sessions.repo.ts';

/** Renews one session, together with whoever renews at this moment (ADR 0069); nothing when the session is gone. */
export type Renewals = (request: RenewalRequest) => Promise<Renewal | undefined>;

/** Statements at once: while one waits for its commit, the next are worked on. */
const AT_ONCE = 2;
/** Sessions in one statement, so that none waits for many. */
const LARGEST = 16;

export function createRenewals({ doors, clock, config }: Pick<Deps, 'doors' | 'clock' | 'config'>): Renewals {
  const terms = () => ({
    now: clock.now(),
    idleDays: config.refreshTokenDays,
    replaySeconds: config.refreshReplaySeconds,
    perMinute: config.authRateLimit,
  });
  return doTogether({
    run: (requests) => renewSessions(doors, requests, terms()),
    alone: (request) => renewSession(doors, request, terms()),
    order: (a, b) => (a.sessionId < b.sessionId ? -1 : 1),
    atOnce: AT_ONCE,
    largest: LARGEST,
  });
}
