/** A bundle made ready to decide by: indexed by type of resource and action, so that rules about other things cost nothing. */
import {
  type Bundle,
  type BundleTenant,
  type PolicyVersion,
  type Rule,
  type SubjectType,
  split,
} from './bundle.ts';
import { ALWAYS, type Condition, condition, FAILS } from './condition.ts';
import { inspect } from './inspect.ts';
import { LIMITS } from './limits.ts';
import type { Decision, Reason } from './request.ts';
import { TenantVariable, type Variables, variablesFor } from './variables.ts';

/** A rule, ready. Its condition is read when it is first needed: a bundle of two thousand is there at once. */
export interface CompiledRule {
  readonly condition: Condition;
  appliesTo(subject: SubjectType): boolean;
  readonly applied: Decision;
  readonly failed: Decision;
}

/** All that is about one action on one type of resource. */
export interface Entry {
  readonly permission: string;
  /**
   * The roles that hold the permission, each with the answer that it gives, once it has been asked: ten thousand roles with fifty
   * permissions each would be half a million answers nobody asked for.
   */
  readonly roles: Map<string, Decision | typeof NOT_ASKED>;
  readonly allow: readonly CompiledRule[];
  readonly deny: readonly CompiledRule[];
  readonly variables: Variables;
  readonly ownPermission: Decision;
  readonly nothingPermits: Decision;
}

/** What `decide` takes. */
export interface Model {
  readonly tenant: BundleTenant;
  readonly version: string;
  /** Type of resource → action → what is known of it. */
  readonly entries: ReadonlyMap<string, ReadonlyMap<string, Entry>>;
  readonly tenantVariable: TenantVariable;
}

/** In the place of an answer that nobody has asked for. */
export const NOT_ASKED = null;

interface DraftEntry extends Entry {
  readonly allow: CompiledRule[];
  readonly deny: CompiledRule[];
}

/**
 * Makes a bundle ready. Takes the policies in force; `compileModel(shadowOf(bundle))` is the shadow.
 *
 * @example
 * const model = compileModel(bundle);
 * decide(model, { subject, action: { name: 'read' }, resource: { type: 'invoices', id: '7' } }).decision;
 */
export function compileModel(bundle: Bundle): Model {
  const entries = new Map<string, Map<string, DraftEntry>>();
  const variables = new Map<string, Variables>();

  const variablesOf = (resource: string) => {
    let known = variables.get(resource);
    if (known === undefined) {
      const { resources } = bundle.catalog;
      known = lazily(() =>
        variablesFor(Object.hasOwn(resources, resource) ? resources[resource] : undefined),
      );
      variables.set(resource, known);
    }
    return known;
  };
  const entryOf = (resource: string, action: string) => {
    const actions = entries.get(resource) ?? new Map<string, DraftEntry>();
    entries.set(resource, actions);
    let entry = actions.get(action);
    if (entry === undefined) {
      entry = emptyEntry(resource, action, variablesOf(resource));
      actions.set(action, entry);
    }
    return entry;
  };

  const byName = new Map<string, DraftEntry>();
  const entryNamed = (permission: string) => {
    let entry = byName.get(permission);
    if (entry === undefined) {
      entry = entryOf(...split(permission));
      byName.set(permission, entry);
    }
    return entry;
  };

  for (const permission of bundle.catalog.permissions) entryNamed(permission);
  for (const [role, permissions] of Object.entries(bundle.roles))
    for (const permission of permissions) entryNamed(permission).roles.set(role, NOT_ASKED);
  for (const policy of bundle.policies) {
    for (const rule of policy.rules) {
      const compiled = compileRule(policy, rule, variablesOf(rule.resource), bundle);
      for (const action of new Set(rule.actions)) entryOf(rule.resource, action)[rule.effect].push(compiled);
    }
  }
  const tenantVariable = new TenantVariable(bundle.tenant, bundle.services);
  return { tenant: bundle.tenant, version: bundle.version, entries, tenantVariable };
}

/** An answer that may be given to many. */
export function decided(decision: boolean, ...reasons: readonly Reason[]): Decision {
  return Object.freeze({ decision, reasons: Object.freeze(reasons.map((reason) => Object.freeze(reason))) });
}

/** Of which nothing is known: nobody may. */
function emptyEntry(resource: string, action: string, variables: Variables): DraftEntry {
  const permission = `${resource}:${action}`;
  return {
    permission,
    roles: new Map(),
    allow: [],
    deny: [],
    variables,
    ownPermission: decided(true, { kind: 'permission', permission }),
    nothingPermits: decided(false, { kind: 'nothing_permits', permission }),
  };
}

function compileRule(policy: PolicyVersion, rule: Rule, variables: Variables, bundle: Bundle): CompiledRule {
  const subjects = rule.subjects ?? (rule.effect === 'allow' ? (['user', 'service'] as const) : undefined);
  const reason = {
    kind: 'rule',
    effect: rule.effect,
    policy: policy.name,
    version: policy.version,
    rule: rule.id,
  } as const;
  return {
    condition: rule.when === undefined ? ALWAYS : firstRead(rule.when, rule.resource, variables, bundle),
    appliesTo: (subject) => subjects === undefined || subjects.includes(subject),
    applied: decided(rule.effect === 'allow', reason),
    failed: decided(false, { ...reason, failed: true }),
  };
}

/** Reads a condition when it is first asked. One that is not allowed fails, as one does that cannot be read. */
function firstRead(source: string, resource: string, variables: Variables, { catalog }: Bundle): Condition {
  let read: Condition | undefined;
  return (scope) => {
    read ??= isAllowed() ? condition(source, variables) : FAILS;
    return read(scope);
  };

  function isAllowed() {
    if (source.length > LIMITS.conditionLength) return false;
    try {
      const { ast } = variables.environment.parse(source);
      const declaration = Object.hasOwn(catalog.resources, resource)
        ? catalog.resources[resource]
        : undefined;
      return inspect(ast, resource, declaration).findings.length === 0;
    } catch {
      return false;
    }
  }
}

function lazily(make: () => Variables): Variables {
  let made: Variables | undefined;
  const get = () => (made ??= make());
  return {
    get environment() {
      return get().environment;
    },
    bind: (request, tenant) => get().bind(request, tenant),
  };
}
