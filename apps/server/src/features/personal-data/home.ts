import { enterOwn, type UserPrincipal } from '../../platform/access/index.ts';

/** Where somebody's data lies, whichever tenant the session works in. */
export const homeOf = (principal: UserPrincipal) =>
  enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
