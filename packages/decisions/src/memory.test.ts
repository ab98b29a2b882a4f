import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compareRemembered } from '../test/compare.ts';
import { randomFrom, randomRequest } from '../test/random-cases.ts';
import { asked, bundle, rule } from '../test/shop.fixture.ts';
import { compileModel, decisionKey, type DecisionRequest, remember } from './index.ts';

/** Texts that are made to be mistaken for the writing of something else. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'b',
    'u',
    'z',
    't',
    's1:a',
    '1:a',
    'n1;',
    '[0:',
    '{0:',
    'a,b',
    '"',
    '\\',
    '\u0000',
    '😀',
  ),
  fc.string({ maxLength: 4 }),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    text,
    fc.constantFrom(0, -0, 1, Number.NaN, 1.5, true, false, null, undefined, 1n),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const attributes = fc.option(fc.dictionary(text, json, { maxKeys: 2, noNullPrototype: true }), {
  nil: undefined,
});
const plain = { noNullPrototype: true };
const request = fc.record(
  {
    subject: fc.record(
      {
        type: fc.constantFrom('user', 'service', 'api_key'),
        id: text,
        tenantId: fc.option(text, { nil: undefined }),
        roles: fc.array(text, { maxLength: 3 }),
        permissions: fc.option(fc.array(text, { maxLength: 3 }), { nil: undefined }),
        namespace: fc.option(text, { nil: undefined }),
        properties: attributes,
      },
      plain,
    ),
    action: fc.record({ name: text, properties: attributes }, plain),
    resource: fc.record({ type: text, id: text, properties: attributes }, plain),
    context: attributes,
  },
  plain,
) as fc.Arbitrary<DecisionRequest>;

/** Every place of a request that a decision can depend on. */
const places: readonly ((to: DecisionRequest, from: DecisionRequest) => DecisionRequest)[] = [
  ...(['type', 'id', 'tenantId', 'roles', 'permissions', 'namespace', 'properties'] as const).map(
    (field) => (to: DecisionRequest, from: DecisionRequest) => ({
      ...to,
      subject: { ...to.subject, [field]: from.subject[field] },
    }),
  ),
  ...(['name', 'properties'] as const).map((field) => (to: DecisionRequest, from: DecisionRequest) => ({
    ...to,
    action: { ...to.action, [field]: from.action[field] },
  })),
  ...(['type', 'id', 'properties'] as const).map((field) => (to: DecisionRequest, from: DecisionRequest) => ({
    ...to,
    resource: { ...to.resource, [field]: from.resource[field] },
  })),
  (to, from) => ({ ...to, context: from.context ?? {} }),
];

describe('a memory of decisions', () => {
  it('keeps apart any two requests that differ in a place which a decision can depend on [threat 14]', () => {
    let differing = 0;
    fc.assert(
      fc.property(request, request, fc.nat(places.length - 1), (one, two, place) => {
        const near = places[place]?.(one, two) ?? two;
        for (const other of [near, two]) {
          if (isDeepStrictEqual(one, other)) continue;
          differing++;
          expect(decisionKey(other)).not.toBe(decisionKey(one));
        }
      }),
      { numRuns: 20_000 },
    );
    expect(differing).toBeGreaterThan(20_000);
  });

  it('keeps pairs apart that separators would confuse', () => {
    const keys = [
      asked({ subject: { id: 'a', roles: ['b,c'] } }),
      asked({ subject: { id: 'a', roles: ['b', 'c'] } }),
      asked({ subject: { id: 'a,b', roles: ['c'] } }),
      asked({ context: { a: 'x', b: 'y' } }),
      asked({ context: { a: 'x"b":"y' } }),
      asked({ context: { a: Number.NaN } }),
      asked({ context: { a: null } }),
      asked({ context: { a: undefined } }),
      asked({ context: {} }),
      asked({ context: { a: 1 } }),
      asked({ context: { a: 1n } }),
      asked({ context: { a: '1' } }),
      asked({ context: JSON.parse('{"__proto__": 1}') as Record<string, unknown> }),
    ].map(decisionKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('remembers nothing of what is not JSON', () => {
    for (const odd of [new Date(0), new Map(), () => 1, Symbol('s')])
      expect(decisionKey(asked({ context: { odd } }))).toBeUndefined();
  });

  it('answers a hundred thousand random questions as an engine without one does [threat 14]', () => {
    const { difference, permitted, cases } = compareRemembered(100_000, 20_261_122);
    expect(difference).toBeUndefined();
    expect(permitted).toBeGreaterThan(cases / 10);
    expect(permitted).toBeLessThan(cases);
  });

  it('would be seen to mix up two subjects by that comparison', () => {
    // The same comparison against a memory whose key lacks the subject: it must find a difference, or it compares nothing.
    const random = randomFrom(7);
    const model = compileModel(bundle([rule({ when: 'subject.id == "a"' })]));
    const decideRemembering = remember(model, 100);
    const careless = new Map<string, boolean>();
    let mixed = 0;
    for (let turn = 0; turn < 1000; turn++) {
      const { subject } = randomRequest(random);
      const question = asked({ subject: { id: subject.id } });
      const key = decisionKey({ ...question, subject: { ...question.subject, id: '' } }) ?? '';
      const { decision } = decideRemembering(question);
      if ((careless.get(key) ?? decision) !== decision) mixed++;
      careless.set(key, decision);
    }
    expect(mixed).toBeGreaterThan(0);
  });
});
