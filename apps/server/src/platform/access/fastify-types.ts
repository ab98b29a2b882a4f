import type { LimitGroup } from '../limits/index.ts';
import type { Access } from './access.ts';
import type { EnteredTenant } from './enter-tenant.ts';
import type { UserPrincipal } from './principal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Counted by client address under this group (spec D1). */
    limit?: LimitGroup;
  }
  interface FastifyRequest {
    correlationId: string;
    clientAddress: string;
    /** Set by the access hook on every route that is not public. */
    principal: UserPrincipal | undefined;
    entered: EnteredTenant | undefined;
  }
}
