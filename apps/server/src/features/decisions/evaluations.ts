import { setImmediate as turn } from 'node:timers/promises';
import type { Evaluation, Evaluations } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { faulty } from './answer.ts';
import { evaluate } from './evaluate.ts';

/**
 * Many decisions in the order of their questions (AuthZEN 1.0, Access Evaluations API). What is left away of a question is taken from the
 * top. A question that lacks something is answered with `false` and what is wrong; the others are answered all the same.
 *
 * @returns JSON.
 * @throws {Problem} `request.invalid` where there are no `evaluations`, and the top asks no question itself.
 */
export async function evaluateAll(
  deps: Pick<Deps, 'deciders' | 'subjectContexts' | 'tenantRules' | 'decisions'>,
  caller: Caller,
  body: Evaluations,
): Promise<string> {
  const decider = await deps.deciders.get(caller.entered);
  if (body.evaluations === undefined || body.evaluations.length === 0) {
    const single = questionOf(body, {});
    if (typeof single === 'string') throw new Problem('request.invalid', { detail: single });
    return (await evaluate(deps, caller, decider, single)).json;
  }
  const semantic = body.options?.evaluations_semantic ?? 'execute_all';
  const answers: string[] = [];
  for (const item of body.evaluations) {
    const question = questionOf(item, body);
    const answer =
      typeof question === 'string' ? faulty(question) : await evaluate(deps, caller, decider, question);
    answers.push(answer.json);
    // Rules may take milliseconds each; other callers are answered between.
    await turn();
    if (semantic === 'deny_on_first_deny' && !answer.decision) break;
    if (semantic === 'permit_on_first_permit' && answer.decision) break;
  }
  return `{"evaluations":[${answers.join()}]}`;
}

type Given = Partial<Record<'subject' | 'action' | 'resource' | 'context', unknown>>;

/**
 * A question with what it leaves away, or what is wrong with it. An entity replaces the one above it as a whole, but for `type`, `id` and
 * `name` that it does not say.
 */
function questionOf(item: Given, defaults: Given): Evaluation | string {
  const subject = entity(item.subject, defaults.subject, ['type', 'id']);
  if (typeof subject === 'string') return `subject${subject}`;
  const action = entity(item.action, defaults.action, ['name']);
  if (typeof action === 'string') return `action${action}`;
  const resource = entity(item.resource, defaults.resource, ['type', 'id']);
  if (typeof resource === 'string') return `resource${resource}`;
  const context = item.context ?? defaults.context;
  if (context !== undefined && !isObject(context)) return 'context must be an object';
  return { subject, action, resource, ...(context !== undefined && { context }) } as unknown as Evaluation;
}

function entity(given: unknown, above: unknown, names: readonly string[]): Record<string, unknown> | string {
  if (given === undefined && above === undefined) return ' is missing';
  if ((given !== undefined && !isObject(given)) || (above !== undefined && !isObject(above)))
    return ' must be an object';
  const base = isObject(above) ? above : {};
  const own: Record<string, unknown> = given ?? base;
  const read: Record<string, unknown> = {};
  for (const name of names) {
    const value = Object.hasOwn(own, name) ? own[name] : Object.hasOwn(base, name) ? base[name] : undefined;
    if (typeof value !== 'string' || value === '' || value.length > 1000) return `.${name} must be a string`;
    read[name] = value;
  }
  const properties = Object.hasOwn(own, 'properties') ? own.properties : undefined;
  if (properties !== undefined && !isObject(properties)) return '.properties must be an object';
  return properties === undefined ? read : { ...read, properties };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
