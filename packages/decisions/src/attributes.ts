/**
 * Attributes as conditions see them. They come from callers as JSON, so that each of them may be anything: what does not have the
 * declared type is handed on as it is, and the condition that asks for it fails.
 */
import type { AttributeType } from './bundle.ts';
import { LIMITS } from './limits.ts';
import type { Attributes } from './request.ts';

const NONE: Attributes = Object.freeze({});

/** RFC 3339 with its offset: without one, two machines would read two different times. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** An own value, or nothing. SECURITY: what stands on a prototype is nobody's attribute. */
export function own(attributes: Attributes | undefined, name: string): unknown {
  return attributes !== undefined && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

/** An attribute as the catalog declares it. `null` is as good as missing. */
export function typed(value: unknown, type: AttributeType): unknown {
  if (value === null || value === undefined) return undefined;
  switch (type) {
    case 'int':
      // JSON has one kind of number; which are integers is said by the catalog. A fraction stays what it is, and fails.
      return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'double':
      return typeof value === 'bigint' ? Number(value) : value;
    case 'timestamp':
      return typeof value === 'string' ? timestamp(value) : value;
    case 'list<string>':
      if (!Array.isArray(value) || !value.every((element) => typeof element === 'string'))
        throw new Error('not a list of strings');
      return plain(value, 0);
    case 'map':
      return isObject(value) ? plain(value, 0) : value;
    case 'string':
    case 'bool':
      return value;
  }
}

/** Attributes without a declaration: every number is a double. */
export function untyped(attributes: Attributes | undefined): unknown {
  return attributes === undefined ? NONE : plain(attributes, 0);
}

/**
 * The same value, or a copy where an object carries a member that the evaluator would take for its class.
 *
 * SECURITY: the evaluator tells kinds by `.constructor`. A caller who sends `{"constructor": …}` gets a map that has such a key, not an
 * object of another kind. Also bounds what a condition can be made to walk through.
 */
function plain(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= LIMITS.attributeDepth) throw new Error('attributes are nested too deeply');
  if (Array.isArray(value)) {
    if (value.length > LIMITS.listElements) throw new Error(`a list of more than ${LIMITS.listElements}`);
    return copied(value, depth) ?? value;
  }
  if (!isObject(value)) throw new Error('not JSON');
  const keys = Object.keys(value);
  if (keys.length > LIMITS.listElements) throw new Error(`an object of more than ${LIMITS.listElements}`);
  let copy = Object.hasOwn(value, 'constructor') ? new Map<string, unknown>() : undefined;
  for (const [index, key] of keys.entries()) {
    const kept = plain(value[key], depth + 1);
    if (kept !== value[key]) copy ??= new Map(keys.slice(0, index).map((before) => [before, value[before]]));
    copy?.set(key, kept);
  }
  return copy ?? value;
}

function copied(list: readonly unknown[], depth: number): unknown[] | undefined {
  let copy: unknown[] | undefined;
  for (const [index, element] of list.entries()) {
    const kept = plain(element, depth + 1);
    if (kept !== element) copy ??= [...list];
    if (copy !== undefined) copy[index] = kept;
  }
  return copy;
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function timestamp(value: string): unknown {
  const date = TIMESTAMP.test(value) ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? value : date;
}
