import type { Caller } from './caller.ts';
import { AccessProblem, endedToken, unavailable } from './problem.ts';
import { type GatehouseServer, ServerAnswer } from './server.ts';

/** What a caller is worth at this moment, by Gatehouse's own word. */
export interface Standing {
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
}

/** Asks Gatehouse about one caller at a time: what is left when the feed is cut. */
export interface AskStanding {
  /** @throws AccessProblem `auth.session_expired`, or `service.unavailable` when Gatehouse does not answer. */
  (token: string, caller: Caller): Promise<Standing>;
}

/** As long as Gatehouse itself remembers what a session is worth, so that the two make no more than a second (spec S7). */
const KEPT_MS = 500;
/** After an attempt that failed, nobody waits for the next one for so long. */
const PAUSE_MS = 250;
/** SECURITY: a feed that is cut must not turn all traffic of a service on Gatehouse. */
const MOST_AT_ONCE = 100;

interface Me {
  user: { id: string };
  tenant: { id: string };
  session: { id: string };
  roles: string[];
  permissions: string[];
}

/** Answers of `GET /api/v1/auth/me` with the caller's own token: persons only. */
export function createAskStanding(server: GatehouseServer, now: () => number): AskStanding {
  const asked = new Map<string, Promise<Standing>>();
  let failedAt = Number.NEGATIVE_INFINITY;
  let under = 0;

  async function ask(token: string, caller: Caller): Promise<Standing> {
    if (caller.kind !== 'user' || under >= MOST_AT_ONCE || now() - failedAt < PAUSE_MS) throw unavailable();
    under += 1;
    try {
      const me = await server.getJson<Me>('/api/v1/auth/me', token);
      const { user, tenant, session } = me;
      // SECURITY: an answer about somebody else (a cache between us and Gatehouse) is no answer.
      if (user.id !== caller.id || tenant.id !== caller.tenantId || session.id !== caller.sessionId)
        throw endedToken();
      return { roles: me.roles, permissions: new Set(me.permissions) };
    } catch (error) {
      if (error instanceof AccessProblem) throw error;
      if (error instanceof ServerAnswer && (error.status === 401 || error.status === 403)) throw endedToken();
      if (!(error instanceof ServerAnswer)) failedAt = now();
      throw unavailable(error);
    } finally {
      under -= 1;
    }
  }

  return (token, caller) => {
    const before = asked.get(token);
    if (before !== undefined) return before;
    const answer = ask(token, caller);
    asked.set(token, answer);
    const forget = () => void asked.delete(token);
    answer.then(() => setTimeout(forget, KEPT_MS), forget);
    return answer;
  };
}
