/** What is wrong with a policy, before anybody is judged by it. */
import { type Catalog, type Rule, split } from './bundle.ts';
import { inspect } from './inspect.ts';
import { LIMITS } from './limits.ts';
import type { DecisionRequest } from './request.ts';
import { type Variables, variablesFor } from './variables.ts';

/** A policy as its author writes it. */
export interface PolicySource {
  readonly rules: readonly Rule[];
  readonly tests: readonly PolicyTest[];
}

/** A question to a policy, and the answer that its author expects. */
export interface PolicyTest {
  readonly name: string;
  readonly request: DecisionRequest;
  readonly expect: 'allow' | 'deny';
}

/** Something that keeps a policy from going into force. */
export interface PolicyFault {
  /** Where in the document, as a JSON pointer: `/rules/0/when`. */
  readonly path: string;
  /** Where in the value at that place; both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Type of resource → its actions, from the names of permissions. */
function actionsOf(catalog: Catalog): ReadonlyMap<string, ReadonlySet<string>> {
  const actions = new Map<string, Set<string>>();
  for (const permission of catalog.permissions) {
    const [resource, action] = split(permission);
    const known = actions.get(resource) ?? new Set();
    actions.set(resource, known.add(action));
  }
  return actions;
}

/** How many steps the rules about one action may take at worst: `resource:action` → steps. */
export type Steps = ReadonlyMap<string, number>;

/**
 * Every fault of a policy's rules, in their order; none when it may be tested.
 *
 * @example
 * checkPolicy({ rules: [{ id: 'own', effect: 'allow', resource: 'billing:invoices', actions: ['read'],
 *   when: 'resource.properties.ownr == subject.id' }], tests: [] }, catalog);
 * // [{ path: '/rules/0/when', line: 1, column: 21, message: 'resource `billing:invoices` has no attribute `ownr`; it has owner, amount' }]
 */
export function checkPolicy(source: PolicySource, catalog: Catalog): PolicyFault[] {
  const { rules } = source;
  const { faults } = judge(rules.slice(0, LIMITS.rulesOfPolicy), catalog);
  if (rules.length > LIMITS.rulesOfPolicy)
    faults.push({ path: '/rules', ...START, message: `more than ${LIMITS.rulesOfPolicy} rules` });
  return faults;
}

/** The worst number of steps for each action that the rules are about. */
export function stepsOf(rules: readonly Rule[], catalog: Catalog): Steps {
  return judge(rules, catalog).steps;
}

function judge(rules: readonly Rule[], catalog: Catalog) {
  const faults: PolicyFault[] = [];
  const steps = new Map<string, number>();
  const actions = actionsOf(catalog);
  const environments = new Map<string, Variables>();
  const seen = new Set<string>();
  const add = (path: string, message: string, at: Position = START) => {
    faults.push({ path, ...at, message });
  };

  for (const [index, rule] of rules.entries()) {
    const path = `/rules/${index}`;
    if (seen.has(rule.id)) add(`${path}/id`, `another rule is called \`${rule.id}\` already`);
    seen.add(rule.id);
    const known = actions.get(rule.resource);
    if (known === undefined) {
      add(`${path}/resource`, `there is no resource \`${rule.resource}\` in the catalog`);
      continue;
    }
    if (rule.actions.length > LIMITS.actionsOfRule)
      add(`${path}/actions`, `more than ${LIMITS.actionsOfRule} actions`);
    for (const [number, action] of rule.actions.entries()) {
      if (!known.has(action))
        add(
          `${path}/actions/${number}`,
          `resource \`${rule.resource}\` has no action \`${action}\`; it has ${[...known].join(', ')}`,
        );
    }
    const taken = rule.when === undefined ? 1 : judgeCondition(rule.when, rule, `${path}/when`);
    for (const action of new Set(rule.actions)) {
      const permission = `${rule.resource}:${action}`;
      const sum = (steps.get(permission) ?? 0) + taken;
      if (sum > LIMITS.stepsOfAction && sum - taken <= LIMITS.stepsOfAction)
        add(
          path,
          `the rules about \`${permission}\` can take ${sum} steps; ${LIMITS.stepsOfAction} are allowed`,
        );
      steps.set(permission, sum);
    }
  }
  return { faults, steps };

  function judgeCondition(when: string, rule: Rule, path: string): number {
    if (when.length > LIMITS.conditionLength) {
      add(path, `longer than ${LIMITS.conditionLength} characters`);
      return 0;
    }
    const declaration = Object.hasOwn(catalog.resources, rule.resource)
      ? catalog.resources[rule.resource]
      : undefined;
    let variables = environments.get(rule.resource);
    if (variables === undefined) {
      variables = variablesFor(declaration);
      environments.set(rule.resource, variables);
    }
    try {
      const parsed = variables.environment.parse(when);
      const { findings, steps: taken } = inspect(parsed.ast, rule.resource, declaration);
      for (const { at, message } of findings) add(path, message, position(when, at));
      if (findings.length > 0) return 0;
      const { valid, type, error } = parsed.check();
      if (!valid) add(path, summary(error), position(when, error?.range?.start ?? 0));
      else if (type !== 'bool')
        add(
          path,
          `a condition is true or false, and this is a ${type === 'dyn' ? 'value of any type' : type}`,
        );
      return taken;
    } catch (error) {
      add(path, summary(error), position(when, startOf(error)));
      return 0;
    }
  }
}

interface Position {
  readonly line: number;
  readonly column: number;
}

const START: Position = { line: 1, column: 1 };

function position(text: string, at: number): Position {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** The evaluator's words without its drawing of the place. */
function summary(error: unknown): string {
  if (error instanceof Error && 'summary' in error && typeof error.summary === 'string') return error.summary;
  return 'not a condition in CEL';
}

function startOf(error: unknown): number {
  const range =
    error instanceof Error && 'range' in error ? (error.range as { start?: number } | undefined) : undefined;
  return range?.start ?? 0;
}
