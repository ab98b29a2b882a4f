/** A memory of decisions, for policies whose conditions cost more than a look-up. */
import { decide } from './decide.ts';
import type { Model } from './model.ts';
import type { Decision, DecisionRequest } from './request.ts';
import { isJudgeable } from './size.ts';

/**
 * `decide` of one model with a memory of at most `size` answers. It belongs to its model: a new version starts with an empty one, and
 * nothing has to be forgotten.
 *
 * Only what rules are about is remembered. By role alone, deciding is quicker than any key could be made.
 *
 * @example
 * const decideRemembering = remember(compileModel(bundle), 10_000);
 */
export function remember(model: Model, size: number): (request: DecisionRequest) => Decision {
  // Two generations: when the young one is full it becomes the old one. Nothing is moved at a hit but what was nearly forgotten.
  let young = new Map<string, Decision>();
  let old = new Map<string, Decision>();
  return (request) => {
    const entry = model.entries.get(request.resource.type)?.get(request.action.name);
    if (entry === undefined || entry.allow.length + entry.deny.length === 0) return decide(model, request);
    if (!isJudgeable(request)) return decide(model, request);
    const key = decisionKey(request);
    if (key === undefined) return decide(model, request);
    const known = young.get(key);
    if (known !== undefined) return known;
    const decision = old.get(key) ?? decide(model, request);
    if (young.size * 2 >= size) {
      old = young;
      young = new Map();
    }
    young.set(key, decision);
    return decision;
  };
}

/**
 * A text that two requests share only if no rule could tell them apart; nothing where there is none (a value that is not JSON).
 *
 * SECURITY: every value is written with its kind and its length, so that no text can be read in two ways. Joining the parts with a
 * separator is how other engines came to answer one caller with another's decision: a part may contain the separator. `JSON.stringify`
 * takes `NaN` for `null` and leaves `undefined` away.
 */
export function decisionKey({ subject, action, resource, context }: DecisionRequest): string | undefined {
  try {
    return (
      text(subject.type) +
      text(subject.id) +
      text(subject.tenantId) +
      value(subject.roles) +
      value(subject.permissions) +
      text(subject.namespace) +
      value(subject.properties) +
      text(action.name) +
      value(action.properties) +
      text(resource.type) +
      text(resource.id) +
      value(resource.properties) +
      value(context)
    );
  } catch (error) {
    if (error === NO_KEY) return undefined;
    throw error;
  }
}

const NO_KEY = new Error('not JSON');

function text(part: string | undefined): string {
  return part === undefined ? 'u' : `s${part.length}:${part}`;
}

function value(part: unknown): string {
  switch (typeof part) {
    case 'string':
      return text(part);
    case 'number':
      return Object.is(part, -0) ? 'n-0;' : `n${part};`;
    case 'bigint':
      return `i${part};`;
    case 'boolean':
      return part ? 't' : 'f';
    case 'undefined':
      return 'u';
    case 'object':
      return part === null ? 'z' : ofObject(part);
    case 'function':
    case 'symbol':
      throw NO_KEY;
  }
}

function ofObject(part: object): string {
  if (Array.isArray(part)) {
    let key = `[${part.length}:`;
    for (const element of part as readonly unknown[]) key += value(element);
    return key;
  }
  const prototype: unknown = Object.getPrototypeOf(part);
  if (prototype !== Object.prototype && prototype !== null) throw NO_KEY;
  const members = Object.entries(part);
  let key = `{${members.length}:`;
  for (const [name, member] of members) key += text(name) + value(member);
  return key;
}
