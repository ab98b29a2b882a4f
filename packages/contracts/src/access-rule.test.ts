import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessRule,
  allOf,
  permissions,
  publicAccess,
  roles,
  ruleOf,
  scopes,
  serviceOnly,
  signedIn,
  stepUp,
} from './access-rule.ts';

describe('a rule', () => {
  it('is refused where it would demand nothing by mistake, or a name that cannot be', () => {
    for (const make of [roles, permissions, scopes]) {
      expect(() => make()).toThrow('at least one name');
      for (const name of ['', 'two words', 'a"b', 'a\\b', 'ü', 'a\r\nb'])
        expect(() => make('fine:read', name)).toThrow(TypeError);
      expect(() => make(undefined as unknown as string)).toThrow(TypeError);
    }
    expect(() => stepUp({})).toThrow(TypeError);
    for (const maxAge of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => stepUp({ maxAge })).toThrow('whole number');
    expect(() => stepUp({ acr: '1' as '2' })).toThrow("acr is '2'");
  });

  it('adds up along the way to a route: what is said outside is demanded inside as well', () => {
    expect(
      allOf(
        roles('admin', 'owner'),
        permissions('a:read'),
        roles('auditor'),
        permissions('a:read', 'b:read'),
        scopes('x'),
        serviceOnly(),
        stepUp({ maxAge: 600 }),
        stepUp({ maxAge: 60, acr: '2' }),
      ),
    ).toEqual({
      kind: 'caller',
      roles: [['admin', 'owner'], ['auditor']],
      permissions: ['a:read', 'b:read'],
      scopes: ['x'],
      serviceOnly: true,
      stepUp: { maxAge: 60, acr: '2' },
    });
  });

  it('of a route that says nothing takes a signed-in caller, or nobody, and is never open', () => {
    expect(ruleOf([], 'signed-in')).toEqual(signedIn());
    expect(ruleOf([], 'deny').kind).toBe('nobody');
    expect(allOf().kind).toBe('nobody');
    expect(ruleOf([publicAccess('the door')], 'deny')).toMatchObject({ kind: 'public', reason: 'the door' });
  });

  it('never demands less for what is added, in whatever order', () => {
    const rule = fc.oneof(
      fc.constant(publicAccess()),
      fc.constant(signedIn()),
      fc.constantFrom('a', 'b').map((name) => roles(name)),
      fc.constantFrom('a:read', 'b:read').map((name) => permissions(name)),
      fc.constantFrom('s', 't').map((name) => scopes(name)),
      fc.constant(serviceOnly()),
      fc.integer({ min: 1, max: 900 }).map((maxAge) => stepUp({ maxAge })),
      fc.constant(ruleOf([], 'deny')),
    );
    const isAtLeast = (whole: AccessRule, part: AccessRule) =>
      part.kind === 'public' ||
      whole.kind === 'nobody' ||
      (part.kind === 'caller' &&
        whole.kind === 'caller' &&
        part.roles.every((set) => whole.roles.includes(set)) &&
        part.permissions.every((name) => whole.permissions.includes(name)) &&
        part.scopes.every((name) => whole.scopes.includes(name)) &&
        whole.serviceOnly >= part.serviceOnly &&
        (whole.stepUp?.maxAge ?? Infinity) <= (part.stepUp?.maxAge ?? Infinity));
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 6 }), (rules) => {
        const whole = allOf(...rules);
        expect(rules.filter((part) => !isAtLeast(whole, part))).toEqual([]);
        expect(allOf(...rules.toReversed()).kind).toBe(whole.kind);
      }),
    );
  });
});
