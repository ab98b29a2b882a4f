/**
 * Decisions: may this subject do this action on this resource? Pure functions over a tenant's bundle, the same in the server, in a
 * service and in a browser.
 */
export {
  type AttributeType,
  type Bundle,
  type BundleTenant,
  type Catalog,
  type Effect,
  type PolicyVersion,
  type ResourceDeclaration,
  type Rule,
  type ServiceEntry,
  type SubjectType,
  shadowOf,
} from './bundle.ts';
export {
  checkPolicy,
  type PolicyFault,
  type PolicySource,
  type PolicyTest,
  type Steps,
  stepsOf,
} from './check.ts';
export { decide, explain } from './decide.ts';
export { administrators, CALL_PERMISSION, ownData, serviceCalls } from './examples.ts';
export { LIMITS } from './limits.ts';
export { decisionKey, remember } from './memory.ts';
export { compileModel, type Model } from './model.ts';
export type { Attributes, Decision, DecisionRequest, Reason, Subject } from './request.ts';
export { type PolicyTestResult, runEachTest, runTests } from './run-tests.ts';
