/**
 * Gatehouse for NestJS 12, on Express and on Fastify: a global guard, and decorators that say who may reach what.
 *
 * @packageDocumentation
 */
export {
  type AccessRule,
  AccessProblem,
  type Caller,
  createGatehouse,
  type Gatehouse,
  type GatehouseOptions,
  type StepUpDemand,
} from '@gatehouse/sdk';
export {
  Access,
  CurrentUser,
  Permissions,
  Public,
  Roles,
  Scopes,
  ServiceOnly,
  SignedIn,
  StepUp,
} from './decorators.ts';
export { GATEHOUSE, GatehouseGuard, GatehouseModule, type GatehouseModuleOptions } from './module.ts';
