import type { LimitGroup } from '../limits/index.ts';
import type { Access } from './access.ts';
import type { EnteredTenant } from './enter-tenant.ts';
import type { CallingPrincipal } from './principal.ts';

export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
  readonly limit: LimitGroup | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Counted by client address under this group (spec D1). */
    limit?: LimitGroup;
  }
  interface FastifyInstance {
    /** Every route with its access, in the order of their declaration: what the inventory and the standing suites read. */
    declaredRoutes: readonly DeclaredRoute[];
    /**
     * Judges a caller anew when a body came late or while a long answer is under way: the session, the tenant and the
     * permission as they stand now, which `principal` and `entered` are from then on. No limit and no permit is counted twice.
     *
     * @throws {Problem} as the route itself would answer at this moment; the denial is on record then.
     */
    judgeAgain(request: FastifyRequest): Promise<void>;
  }
  interface FastifyRequest {
    clientAddress: string;
    /** Set by the access hook on every route that is not public. */
    principal: CallingPrincipal | undefined;
    entered: EnteredTenant | undefined;
    /** When the caller of a request that carries a body was judged, by `performance.now()`. */
    judgedAt: number | undefined;
  }
}
