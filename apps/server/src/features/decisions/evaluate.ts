import type { Evaluation } from '@gatehouse/contracts';
import {
  type Decision,
  type DecisionRequest,
  decide,
  type Subject,
  type SubjectType,
} from '@gatehouse/decisions';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { permissionsOf } from '../roles/index.ts';
import { type Answer, answerOf, UNKNOWN_SUBJECT, unknownSubject } from './answer.ts';
import { sayReasons } from './say-reason.ts';
import type { SubjectContext } from './subjects.repo.ts';
import type { Decider } from './tenant-decisions.ts';

const TYPES: readonly string[] = ['user', 'service', 'api_key'] satisfies SubjectType[];

/**
 * One decision about a subject of the caller's tenant, on the decision log whatever it is (spec A1, R5).
 *
 * SECURITY: who the subject is, and what it may, is looked up. What the caller says of it are attributes: a role, a permission or a
 * tenant among `properties` opens nothing. Somebody who does not stand in the tenant is permitted nothing, by no rule either.
 */
export async function evaluate(
  deps: Pick<Deps, 'subjectContexts' | 'tenantRules' | 'decisions'>,
  caller: Caller,
  decider: Decider,
  { subject, action, resource, context }: Evaluation,
): Promise<Answer> {
  const { tenantId } = caller.entered;
  const type = TYPES.includes(subject.type) ? (subject.type as SubjectType) : undefined;
  const found = type && (await deps.subjectContexts.get(tenantId, type, subject.id));
  const { version } = decider.model;
  const log = (decision: boolean, policyVersion: string, reason: () => string) =>
    deps.decisions.decided(() => ({
      tenantId,
      principalId: found?.principal_id ?? null,
      permission: `${resource.type}:${action.name}`,
      resource: `${resource.type} ${resource.id}`,
      decision,
      // Why, and who wanted to know.
      reason: `${reason()} (asked by ${caller.principal.principalId})`,
      policyVersion,
      correlationId: caller.request.correlationId,
    }));
  if (type === undefined || found === undefined) {
    log(false, version, () => UNKNOWN_SUBJECT);
    return unknownSubject(version);
  }
  const request: DecisionRequest = {
    subject: await subjectOf(deps, tenantId, decider, { ...subject, type }, found),
    action,
    resource,
    ...(context !== undefined && { context }),
  };
  const decision = decide(decider.model, request);
  log(decision.decision, version, () => sayReasons(decision));
  if (decider.shadow !== undefined) logDifference(decision, decide(decider.shadow, request));
  return answerOf(decision, version);

  function logDifference(is: Decision, wouldBe: Decision) {
    if (is.decision !== wouldBe.decision)
      log(wouldBe.decision, `shadow ${version}`, () => `would be: ${sayReasons(wouldBe)}`);
  }
}

async function subjectOf(
  deps: Pick<Deps, 'tenantRules'>,
  tenantId: Caller['entered']['tenantId'],
  { bundle: { services } }: Decider,
  subject: { type: SubjectType; id: string; properties?: Record<string, unknown> },
  found: SubjectContext,
): Promise<Subject> {
  const service =
    subject.type === 'service' && Object.hasOwn(services, subject.id) ? services[subject.id] : undefined;
  return {
    type: subject.type,
    id: subject.id,
    tenantId,
    roles: found.scopes === null ? found.role_names : [],
    ...(found.scopes !== null && {
      permissions: within(
        found.scopes,
        permissionsOf(found, (await deps.tenantRules.get(tenantId)).features),
      ),
    }),
    ...(service !== undefined && { namespace: service.namespace }),
    ...(subject.properties !== undefined && { properties: subject.properties }),
  };
}

const within = (scopes: readonly string[], held: ReadonlySet<string>) =>
  scopes.filter((scope) => held.has(scope));
