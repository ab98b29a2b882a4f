/**
 * Gatehouse for whoever writes a service: who is calling, may they, and do they still. Web-standard APIs only; the adapters
 * `@gatehouse/nestjs`, `@gatehouse/fastify` and `@gatehouse/express` stand on it.
 *
 * @packageDocumentation
 */
export {
  type AccessRule,
  allOf,
  permissions,
  publicAccess,
  roles,
  scopes,
  serviceOnly,
  signedIn,
  stepUp,
  type StepUpDemand,
  type Undeclared,
} from '@gatehouse/contracts';
export type { Decision, DecisionRequest, Reason } from '@gatehouse/decisions';
export type { Caller } from './caller.ts';
export type { ServiceCredentials } from './credentials.ts';
export { createGatehouse, type Gatehouse, type Presented, type Question } from './gatehouse.ts';
export type { Claims } from './json-part.ts';
export type { GatehouseOptions } from './options.ts';
export { type AccessCode, AccessProblem, type ProblemDocument } from './problem.ts';
