import './fastify-types.ts';
export { type Access, describeAccess, either, publicAccess, RECENT, type StepUp, user } from './access.ts';
export { type EnteredTenant, enterHomeFrom, enterOwn, enterTenant, homeOf } from './enter-tenant.ts';
export { ENTERING } from './entering.ts';
export type { DeclaredRoute } from './fastify-types.ts';
export { callerOf, installAccessHook, personOf, personRequired } from './hook.ts';
export {
  type ApiKeyPrincipal,
  type CallingPrincipal,
  type MachinePrincipal,
  personBehind,
  type ServicePrincipal,
  type UserPrincipal,
} from './principal.ts';
