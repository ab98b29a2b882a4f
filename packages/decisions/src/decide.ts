import { type CompiledRule, decided, type Entry, type Model, NOT_ASKED } from './model.ts';
import type { Decision, DecisionRequest, Reason, Subject } from './request.ts';
import { isJudgeable } from './size.ts';

const OTHER_TENANT = decided(false, { kind: 'other_tenant' });
const TOO_LARGE = decided(false, { kind: 'too_large' });

/**
 * Whether a subject may do it: a role (or, of an API key, its own set) holds the permission or an allow rule applies, and no deny rule
 * does. A condition that cannot be judged lets an allow rule not apply, and a deny rule deny.
 *
 * Pure: the same model and request give the same answer, anywhere. Takes as reasons the first that settles it; `explain` gives all.
 */
export function decide(model: Model, request: DecisionRequest): Decision {
  const { subject, action, resource } = request;
  if (subject.tenantId !== undefined && subject.tenantId !== model.tenant.id) return OTHER_TENANT;
  const entry = model.entries.get(resource.type)?.get(action.name);
  if (entry === undefined) return unknown(request);

  const held = heldBy(entry, subject);
  if (entry.deny.length === 0) {
    if (held !== undefined) return held;
    if (entry.allow.length === 0) return entry.nothingPermits;
  }
  // SECURITY: refused whole, not rule by rule: a deny rule that did not get to look would not have denied.
  if (!isJudgeable(request)) return TOO_LARGE;
  const scope = entry.variables.bind(request, model.tenantVariable);
  for (const rule of entry.deny) {
    if (!rule.appliesTo(subject.type)) continue;
    const holds = rule.condition(scope);
    if (holds !== false) return holds ? rule.applied : rule.failed;
  }
  if (held !== undefined) return held;
  for (const rule of entry.allow) {
    if (rule.appliesTo(subject.type) && rule.condition(scope) === true) return rule.applied;
  }
  return entry.nothingPermits;
}

/** The same answer with every reason there is: all roles, all rules that apply. For people who ask why. */
export function explain(model: Model, request: DecisionRequest): Decision {
  const { subject, action, resource } = request;
  if (subject.tenantId !== undefined && subject.tenantId !== model.tenant.id) return OTHER_TENANT;
  const entry = model.entries.get(resource.type)?.get(action.name);
  if (entry === undefined) return unknown(request);
  const isByRules = entry.deny.length > 0 || (entry.allow.length > 0 && heldBy(entry, subject) === undefined);
  if (isByRules && !isJudgeable(request)) return TOO_LARGE;
  const scope = entry.variables.bind(request, model.tenantVariable);
  const denying = applying(entry.deny, subject, scope, true);
  if (denying.length > 0) return decided(false, ...denying);
  const allowing = [...allHeldBy(entry, subject), ...applying(entry.allow, subject, scope, false)];
  return allowing.length > 0 ? decided(true, ...allowing) : entry.nothingPermits;
}

function applying(
  rules: readonly CompiledRule[],
  subject: Subject,
  scope: object,
  countFailed: boolean,
): readonly Reason[] {
  return rules.flatMap((rule) => {
    if (!rule.appliesTo(subject.type)) return [];
    const holds = rule.condition(scope);
    if (holds === undefined) return countFailed ? rule.failed.reasons : [];
    return holds ? rule.applied.reasons : [];
  });
}

function heldBy(entry: Entry, { roles, permissions }: Subject): Decision | undefined {
  if (permissions !== undefined)
    return permissions.includes(entry.permission) ? entry.ownPermission : undefined;
  for (const role of roles) {
    const answer = answerOf(entry, role);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function allHeldBy(entry: Entry, subject: Subject): readonly Reason[] {
  if (subject.permissions !== undefined) return heldBy(entry, subject)?.reasons ?? [];
  return subject.roles.flatMap((role) => answerOf(entry, role)?.reasons ?? []);
}

function answerOf(entry: Entry, role: string): Decision | undefined {
  const answer = entry.roles.get(role);
  if (answer !== NOT_ASKED) return answer;
  const made = decided(true, { kind: 'role', role, permission: entry.permission });
  entry.roles.set(role, made);
  return made;
}

/**
 * What no catalog, role or rule speaks of, nobody may do.
 *
 * SECURITY: nor is it looked for under its joined name: type `a` with action `b:c` is not `a:b` with `c`, and would pass by its rules.
 */
function unknown({ action, resource }: DecisionRequest): Decision {
  return decided(false, { kind: 'nothing_permits', permission: `${resource.type}:${action.name}` });
}
