/**
 * What a condition says, read from its syntax tree: names that do not exist, functions that it may not use, and how many steps it can
 * take at worst. The type checker stops at the first fault; an author wants all of them.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { ResourceDeclaration } from './bundle.ts';
import { below } from './condition.ts';
import { LIMITS } from './limits.ts';
import { FIELDS } from './variables.ts';

/** A fault at a place of the source. */
export interface Finding {
  readonly at: number;
  readonly message: string;
}

/** What was found, and the worst number of steps. */
export interface Inspection {
  readonly findings: readonly Finding[];
  readonly steps: number;
}

/** Macros that look at every element of a list. */
const EACH = new Set(['all', 'exists', 'exists_one', 'filter']);

/**
 * What conditions may call. A list of what is allowed, since the evaluator has more: `matches` can be made to think for hours (a regular
 * expression that backtracks), `map`, `join`, `split` and `cel.bind` make large values out of small ones, `lowerAscii`, `upperAscii` and `trim` copy texts, `lastIndexOf`
 * searches without any order, and hours in time zones depend
 * on the clock settings of the machine that decides.
 */
const FUNCTIONS = new Set([
  ...EACH,
  'has',
  'size',
  'int',
  'double',
  'string',
  'bool',
  'timestamp',
  'duration',
  'startsWith',
  'endsWith',
  'contains',
  'indexOf',
  'substring',
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
]);

/**
 * Steps of what takes as long as its texts are, at `LIMITS.textLength` characters: a microsecond or two each, which the evaluator's own
 * steps take at worst. A search for a short text that stands in the condition is quick; one for a text of the caller can be made to take
 * the product of both lengths.
 */
const COSTS: Readonly<Record<string, number>> = {
  size: 32,
  startsWith: 3,
  endsWith: 3,
  double: 8,
  duration: 250,
};
const SEARCHES = new Set(['contains', 'indexOf']);
const SEARCH = { short: 80, any: 7000, shortLength: 32 };
/** Lists and maps may stand on both sides. */
const COMPARISON = 40;
const MEMBERSHIP = 16;
const ADDITION = 4;

const REFUSED: Readonly<Record<string, string>> = {
  matches:
    'regular expressions are not available in policies: compare with startsWith, endsWith or contains, or hand the outcome in as an attribute',
  map: 'map makes new lists, which policies cannot: ask about the elements with exists or all',
};

/** Looks through a condition on resources of one type. */
export function inspect(
  root: ASTNode,
  resource: string,
  declaration: ResourceDeclaration | undefined,
): Inspection {
  const findings: Finding[] = [];
  const add = (node: ASTNode, message: string, at = node.start) => {
    findings.push({ at, message });
  };

  /** Counts the steps of a node and all below; `bound` are the names that macros have bound around it. */
  const visit = (node: ASTNode, bound: readonly string[], inEach: boolean): number => {
    if (node.op === 'id') checkName(node, bound);
    if (node.op === '.') checkField(node, bound);
    if (node.op === 'value' && typeof node.args === 'object' && node.args !== null)
      add(node, 'bytes and unsigned numbers are not available in policies');
    const called = node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
    if (called !== undefined) {
      if (!FUNCTIONS.has(called))
        add(node, REFUSED[called] ?? `there is no function \`${called}\` in policies`);
      else if (called.startsWith('get') && below(node).length > 1)
        add(
          node,
          `\`${called}\` takes no time zone: the hour there would depend on the machine that decides`,
        );
    }
    if (node.op === 'rcall' && EACH.has(node.args[0])) return visitEach(node, bound, inEach);
    let steps = costOf(node, bound, called);
    for (const inner of below(node)) steps += visit(inner, bound, inEach);
    return steps;
  };

  // No text that additions have made is longer than all additions of the condition make it.
  const longer = 1 + additionsIn(root);

  const costOf = (node: ASTNode, bound: readonly string[], called: string | undefined): number => {
    if (node.op === '+') return ADDITION;
    if (node.op === 'in') return MEMBERSHIP;
    if (node.op === '==' || node.op === '!=')
      return below(node).some((side) => isText(side, bound)) ? 1 : COMPARISON;
    if (called === undefined) return 1;
    if (SEARCHES.has(called)) {
      const sought = below(node)[1];
      const isShort =
        sought?.op === 'value' && typeof sought.args === 'string' && sought.args.length <= SEARCH.shortLength;
      return isShort ? SEARCH.short * longer : SEARCH.any * longer * longer;
    }
    return (Object.hasOwn(COSTS, called) ? (COSTS[called] ?? 1) : 1) * longer;
  };

  const visitEach = (node: ASTNode, bound: readonly string[], inEach: boolean): number => {
    const [range, variable, ...bodies] = below(node);
    if (range === undefined || variable?.op !== 'id') return 1;
    if (inEach)
      add(node, 'a list cannot be gone through inside another: that takes the product of their lengths');
    let steps = 1 + visit(range, bound, inEach);
    for (const body of bodies) steps += LIMITS.listElements * visit(body, [...bound, variable.args], true);
    return steps;
  };

  const checkName = (node: ASTNode & { op: 'id' }, bound: readonly string[]) => {
    if (bound.includes(node.args) || node.args === 'context' || Object.hasOwn(FIELDS, node.args)) return;
    add(node, `there is no \`${node.args}\`; there are subject, action, resource, context and tenant`);
  };

  const checkField = (node: ASTNode & { op: '.' }, bound: readonly string[]) => {
    const [left, name] = node.args;
    const at = node.end - name.length;
    if (left.op === 'id' && !bound.includes(left.args) && Object.hasOwn(FIELDS, left.args)) {
      const fields = Object.keys(FIELDS[left.args as keyof typeof FIELDS]);
      if (!fields.includes(name))
        add(node, `\`${left.args}\` has no \`${name}\`; it has ${fields.join(', ')}`, at);
    }
    const isProperties =
      left.op === '.' &&
      left.args[1] === 'properties' &&
      left.args[0].op === 'id' &&
      left.args[0].args === 'resource' &&
      !bound.includes('resource');
    if (!isProperties || declaration === undefined || Object.hasOwn(declaration.attributes, name)) return;
    const known = Object.keys(declaration.attributes);
    add(
      node,
      `resource \`${resource}\` has no attribute \`${name}\`; it has ${known.length > 0 ? known.join(', ') : 'none'}`,
      at,
    );
  };

  return { steps: visit(root, [], false), findings };
}

function additionsIn(node: ASTNode): number {
  return below(node).reduce((sum, inner) => sum + additionsIn(inner), node.op === '+' ? 1 : 0);
}

const TEXTS = new Set(['id', 'type', 'name', 'namespace', 'slug', 'tenant_id']);

/** What is never a list or a map: a value that stands in the condition, or the name of somebody or something. */
function isText(node: ASTNode, bound: readonly string[]): boolean {
  if (node.op === 'value') return true;
  if (node.op !== '.' || node.args[0].op !== 'id') return false;
  const [{ args: variable }, name] = node.args;
  return Object.hasOwn(FIELDS, variable) && !bound.includes(variable) && TEXTS.has(name);
}
