/**
 * Random bundles and random questions to them, each from a number: the same number gives the same case. Values are few and alike on
 * purpose (a text that looks like two, a number and its text, nothing and null), so that whoever mixes two of them up is seen.
 */
import type { Bundle, DecisionRequest, Rule, SubjectType } from '../src/index.ts';

type Random = () => number;

/** Mulberry32: small, and good enough to choose from lists. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORDS = [
  'a',
  'b',
  'a,b',
  'a:b',
  's1:a',
  '',
  '1',
  'null',
  '["a"]',
  'constructor',
  '__proto__',
  'a\u0000b',
];
const VALUES = [
  ...WORDS,
  1,
  0,
  -0,
  1.5,
  true,
  false,
  null,
  undefined,
  ['a'],
  ['a', 'b'],
  ['a,b'],
  [],
  {},
  { a: 'b' },
];
const CONDITIONS = [
  'subject.id == resource.id',
  '"a" in subject.roles && "b" in subject.roles',
  'subject.roles.size() == 1',
  'subject.namespace == "a"',
  'has(subject.permissions) && subject.permissions.size() > 1',
  'subject.properties.a == context.a',
  'resource.properties.owner == subject.id',
  'resource.properties.amount > 0',
  'has(resource.properties.tags) && resource.properties.tags.exists(t, t == "a")',
  'action.properties.a == 1',
  'has(context.a) && context.a == "a"',
  'has(context.b)',
  'size(context) == 1',
  'subject.properties.a == null',
  'context.a == "a,b" || context.a == ["a", "b"]',
  'subject.tenant_id == "t"',
];
const ACTIONS = ['read', 'pay', 'void'];
const TYPES = ['billing:invoices', 'notes', 'a'];
const SUBJECTS: readonly SubjectType[] = ['user', 'service', 'api_key'];

const oneOf = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const some = <T>(random: Random, list: readonly T[], most = 3) =>
  Array.from({ length: Math.floor(random() * (most + 1)) }, () => oneOf(random, list));

/** A tenant's bundle with a dozen rules. */
export function randomBundle(random: Random): Bundle {
  const permissions = TYPES.flatMap((type) => ACTIONS.map((action) => `${type}:${action}`));
  const rules = Array.from({ length: 12 }, (_, index): Rule => {
    const rule = {
      id: `r${index}`,
      effect: random() < 0.7 ? ('allow' as const) : ('deny' as const),
      resource: oneOf(random, TYPES),
      actions: [oneOf(random, ACTIONS), oneOf(random, ACTIONS)],
      when: oneOf(random, CONDITIONS),
    };
    return random() < 0.4 ? { ...rule, subjects: [oneOf(random, SUBJECTS)] } : rule;
  });
  return {
    tenant: { id: oneOf(random, ['t', 'u']), slug: 't', type: 'customer' },
    version: '1',
    roles: Object.fromEntries(WORDS.slice(0, 5).map((name) => [name, some(random, permissions)])),
    policies: [{ id: 'p', name: 'p', version: 1, rules }],
    shadow: [],
    catalog: {
      permissions,
      resources: {
        'billing:invoices': { attributes: { owner: 'string', amount: 'int', tags: 'list<string>' } },
      },
    },
    services: {},
  };
}

/** A question. Members are left away as often as they are there. */
export function randomRequest(random: Random): DecisionRequest {
  const maybe = <T>(make: () => T): T | undefined => (random() < 0.5 ? make() : undefined);
  const attributes = (names: readonly string[]) =>
    maybe(() => Object.fromEntries(some(random, names, 2).map((name) => [name, oneOf(random, VALUES)])));
  const tenantId = maybe(() => oneOf(random, ['t', 't', 'u']));
  const permissions = maybe(() => some(random, ['notes:read', 'a:pay', 'billing:invoices:void']));
  const namespace = maybe(() => oneOf(random, WORDS));
  const own = attributes(['a', 'b', 'constructor']);
  const ofAction = attributes(['a']);
  const ofResource = attributes(['owner', 'amount', 'tags', 'a']);
  const context = attributes(['a', 'b', '__proto__']);
  return {
    subject: {
      type: oneOf(random, SUBJECTS),
      id: oneOf(random, WORDS),
      roles: some(random, WORDS),
      ...(tenantId !== undefined && { tenantId }),
      ...(permissions && { permissions }),
      ...(namespace !== undefined && { namespace }),
      ...(own && { properties: own }),
    },
    action: { name: oneOf(random, ACTIONS), ...(ofAction && { properties: ofAction }) },
    resource: {
      type: oneOf(random, TYPES),
      id: oneOf(random, WORDS),
      ...(ofResource && { properties: ofResource }),
    },
    ...(context && { context }),
  };
}
