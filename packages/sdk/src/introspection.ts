import type { OwnToken } from './credentials.ts';
import type { Claims } from './json-part.ts';
import { AccessProblem, unavailable } from './problem.ts';
import { type GatehouseServer, ServerAnswer } from './server.ts';

/**
 * What a token or a key is worth at this moment (RFC 7662), asked with the service's own token, which needs `tokens:introspect`.
 *
 * @returns undefined for what is not active.
 * @throws AccessProblem `service.unavailable` when Gatehouse does not say.
 */
export type Introspect = (token: string, address?: string) => Promise<Claims | undefined>;

/** SECURITY: keys that are made up must not turn all traffic of a service on Gatehouse. */
const MOST_AT_ONCE = 100;

export function createIntrospection(
  server: GatehouseServer,
  token: OwnToken,
  onFault: (fault: unknown) => void,
): Introspect {
  const asking = new Map<string, Promise<Claims | undefined>>();

  async function ask(presented: string, address: string | undefined): Promise<Claims | undefined> {
    try {
      const form = new URLSearchParams({
        token: presented,
        ...(address !== undefined && { client_ip: address }),
      });
      const answer = await server.postForm<Claims>('/oauth2/introspect', form, await token.get());
      return answer.active === true ? answer : undefined;
    } catch (error) {
      if (error instanceof AccessProblem) throw error;
      const status = error instanceof ServerAnswer ? error.status : 0;
      if (status === 401) token.forget();
      // What can be no token by its form.
      if (status === 400) return undefined;
      onFault(error);
      throw unavailable(error);
    }
  }

  return (presented, address) => {
    const place = `${address ?? ''} ${presented}`;
    const before = asking.get(place);
    if (before !== undefined) return before;
    if (asking.size >= MOST_AT_ONCE) return Promise.reject(unavailable());
    const answer = ask(presented, address).finally(() => asking.delete(place));
    asking.set(place, answer);
    return answer;
  };
}
