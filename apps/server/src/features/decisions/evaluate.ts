import type { Evaluation, EvaluationResponse } from '@gatehouse/contracts';
import {
  type Decision,
  type DecisionRequest,
  decide,
  type Subject,
  type SubjectType,
} from '@gatehouse/decisions';
import { newId } from '../../platform/ids.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { permissionsOf } from '../roles/index.ts';
import { sayReasons } from './say-reason.ts';
import type { SubjectContext } from './subjects.repo.ts';
import type { Decider } from './tenant-decisions.ts';

const TYPES: readonly string[] = ['user', 'service', 'api_key'] satisfies SubjectType[];
const PERMITTED = { en: 'You may do this.' };
const DENIED = { en: 'You may not do this. Ask an administrator of your organisation.' };
const UNKNOWN = 'nobody of this type and id stands in the tenant';

/**
 * One decision about a subject of the caller's tenant, on the decision log whatever it is (spec A1, R5).
 *
 * SECURITY: who the subject is, and what it may, is looked up. What the caller says of it are attributes: a role, a permission or a
 * tenant among `properties` opens nothing. Somebody who does not stand in the tenant is permitted nothing, by no rule either.
 */
export async function evaluate(
  deps: Pick<Deps, 'subjectContexts' | 'tenantRules' | 'decisions' | 'clock'>,
  caller: Caller,
  decider: Decider,
  { subject, action, resource, context }: Evaluation,
): Promise<EvaluationResponse> {
  const { tenantId } = caller.entered;
  const type = TYPES.includes(subject.type) ? (subject.type as SubjectType) : undefined;
  const found = type && (await deps.subjectContexts.get(tenantId, type, subject.id));
  const version = decider.model.version;
  const asked = {
    permission: `${resource.type}:${action.name}`,
    resource: `${resource.type} ${resource.id}`,
  };
  const log = (entry: { decision: boolean; reason: string; policyVersion: string }) =>
    deps.decisions.decided({
      ...entry,
      tenantId,
      id: newId(),
      occurredAt: deps.clock.now(),
      principalId: found?.principal_id ?? null,
      permission: asked.permission.slice(0, 400),
      resource: asked.resource.slice(0, 400),
      correlationId: caller.request.correlationId,
    });
  if (type === undefined || found === undefined) {
    log({ decision: false, reason: said(UNKNOWN, caller), policyVersion: version });
    return {
      decision: false,
      context: {
        version,
        reason_admin: { en: UNKNOWN },
        reason_user: DENIED,
        reasons: [{ kind: 'unknown_subject' }],
      },
    };
  }
  const request: DecisionRequest = {
    subject: await subjectOf(deps, caller, decider, { ...subject, type }, found),
    action,
    resource,
    ...(context !== undefined && { context }),
  };
  const decision = decide(decider.model, request);
  const reason = sayReasons(decision);
  log({ decision: decision.decision, reason: said(reason, caller), policyVersion: version });
  const shadow = decider.shadow && decide(decider.shadow, request);
  if (shadow !== undefined && shadow.decision !== decision.decision)
    log({
      decision: shadow.decision,
      reason: said(`would be: ${sayReasons(shadow)}`, caller),
      policyVersion: `shadow ${version}`,
    });
  return answerOf(decision, reason, version);
}

async function subjectOf(
  deps: Pick<Deps, 'tenantRules'>,
  { entered: { tenantId } }: Caller,
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

const answerOf = ({ decision, reasons }: Decision, reason: string, version: string): EvaluationResponse => ({
  decision,
  context: {
    version,
    reason_admin: { en: reason },
    reason_user: decision ? PERMITTED : DENIED,
    reasons: reasons as unknown as Record<string, unknown>[],
  },
});

/** As the log keeps it: why, and who wanted to know. */
const said = (reason: string, { principal }: Caller) =>
  `${reason} (asked by ${principal.principalId})`.slice(0, 1000);
