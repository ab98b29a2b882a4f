export type { DeclaredRoute } from './fastify-types.ts';
import './fastify-types.ts';
export { type Access, describeAccess, either, publicAccess, type UserAccess, user } from './access.ts';
export { type EnteredTenant, enterOwn, enterTenant } from './enter-tenant.ts';
export { type AccessHookDeps, callerOf, installAccessHook } from './hook.ts';
export type { ClaimPrincipal, Principal, SystemPrincipal, UserPrincipal } from './principal.ts';
