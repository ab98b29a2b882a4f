import { describe, expect, it } from 'vitest';
import { asked, bundle, catalog, rule, test } from '../test/shop.fixture.ts';
import {
  administrators,
  CALL_PERMISSION,
  checkPolicy,
  compileModel,
  decide,
  LIMITS,
  ownData,
  type PolicySource,
  type Rule,
  runTests,
  serviceCalls,
} from './index.ts';

const faultsOf = (...rules: Rule[]) => checkPolicy({ rules, tests: [] }, catalog);
const messageOf = (when: string) => faultsOf(rule({ when })).map(({ message }) => message);

describe('checking a policy', () => {
  it('finds nothing wrong with one that uses what there is', () => {
    const conditions = [
      'resource.properties.owner == subject.id',
      'resource.properties.amount > 100 && "clerk" in subject.roles',
      'resource.properties.tags.exists(t, t.startsWith("vip")) || has(context.reason)',
      'context.hour >= 9 && timestamp(context.time).getHours() < 17',
      'subject.type == "service" && subject.namespace == "shop" && tenant.slug == "shop"',
      'resource.properties.due - timestamp("2026-01-01T00:00:00Z") < duration("24h")',
      'action.properties.soft == true ? resource.properties.paid : false',
      'resource.properties.tags.filter(t, t != "").size() == 2',
    ];
    for (const when of conditions) expect(messageOf(when), when).toEqual([]);
  });

  it('names a wrong attribute with its line and column, and what there is instead', () => {
    const when = 'subject.id == "x"\n  || resource.properties.ownr == subject.id';
    expect(faultsOf(rule({ when }))).toEqual([
      {
        path: '/rules/0/when',
        line: 2,
        column: 26,
        message:
          'resource `billing:invoices` has no attribute `ownr`; it has owner, amount, rate, paid, due, tags, address',
      },
    ]);
  });

  it('names every fault, not the first', () => {
    const faults = faultsOf(
      rule({ when: 'resource.properties.ownr == subject.name && user.id == "x"' }),
      rule({ actions: ['read', 'raed'] }),
      rule({ id: 's', resource: 'billing:invoice' }),
    );
    expect(faults.map(({ path, message }) => `${path} ${message.split(';')[0]}`)).toEqual([
      '/rules/0/when resource `billing:invoices` has no attribute `ownr`',
      '/rules/0/when `subject` has no `name`',
      '/rules/0/when there is no `user`',
      '/rules/1/id another rule is called `r` already',
      '/rules/1/actions/1 resource `billing:invoices` has no action `raed`',
      '/rules/2/resource there is no resource `billing:invoice` in the catalog',
    ]);
  });

  it('refuses a condition that is not a condition, or compares what cannot be compared', () => {
    expect(messageOf('resource.properties.amount + 1')).toEqual([
      'a condition is true or false, and this is a int',
    ]);
    expect(messageOf('context.allowed')).toEqual([
      'a condition is true or false, and this is a value of any type',
    ]);
    expect(messageOf('resource.properties.owner > 3')).toEqual(['no such overload: string > int']);
    expect(faultsOf(rule({ when: 'true &&\n  && false' }))).toMatchObject([{ line: 2, column: 3 }]);
    expect(messageOf('')).toHaveLength(1);
  });

  it('refuses what could cost the server more than a decision may cost', () => {
    const refused = [
      'subject.id.matches("(a+)+$")',
      '[subject.id].map(x, x + x).size() > 0',
      'cel.bind(x, subject.id + subject.id, x == "")',
      'subject.id.split("").size() > 1',
      'resource.properties.tags.all(a, resource.properties.tags.exists(b, a == b))',
      'timestamp(context.time).getHours("Europe/Berlin") > 8',
      'b"x" == b"y"',
      'context.list.exists(x, x == context.big.upperAscii().lowerAscii())',
      'context.big.trim() == "" || context.big.lastIndexOf("ab") > 1',
      // By the length of the texts: searches for a text of the caller, in long texts, again and again.
      'context.list.exists(x, context.big.contains(x))',
      'context.list.exists(x, context.big.indexOf(context.small) > 1)',
      'context.list.exists(x, context.big.contains("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"))',
      '(context.a + context.a + context.a).contains(context.b + context.b)',
      'context.list.exists(x, context.a == context.b || context.a == context.c || x in context.d || x in context.e || context.b == context.c || context.b == context.d || context.c == context.d)',
      `"${'x'.repeat(LIMITS.conditionLength)}" == ""`,
      `${'('.repeat(200)}true${')'.repeat(200)}`,
      Array.from({ length: 200 }, () => 'true').join(' && '),
      `[${Array.from({ length: 101 }, () => '1').join()}].size() > 1`,
    ];
    for (const when of refused) expect(messageOf(when), when).not.toEqual([]);
  });

  it('refuses rules about one action that together take too many steps', () => {
    const when = 'resource.properties.tags.exists(t, t == subject.id || t == resource.id || t == "x")';
    const rules = Array.from({ length: 40 }, (_, index) => rule({ id: `r${index}`, when }));
    expect(faultsOf(...rules).map(({ message }) => message.replace(/\d+/, 'N'))).toEqual([
      'the rules about `billing:invoices:read` can take N steps; 50000 are allowed',
    ]);
    expect(faultsOf(...rules.slice(0, 10))).toEqual([]);
    const many = Array.from({ length: LIMITS.rulesOfPolicy + 1 }, (_, index) => rule({ id: `r${index}` }));
    expect(faultsOf(...many)).toMatchObject([{ path: '/rules' }]);
  });
});

describe('the tests of a policy', () => {
  it('tell what was expected, what was answered, and why', () => {
    const rules = [rule({ when: 'resource.properties.owner == subject.id' })];
    const own = asked({ properties: { owner: 'ada' } });
    const tests = [test('her own', own, 'allow'), test('anybody’s', asked(), 'allow')];
    const policy = { id: 'p', name: 'own', version: 1, rules };
    expect(runTests(policy, tests, bundle())).toMatchObject([
      { name: 'her own', passed: true },
      {
        name: 'anybody’s',
        passed: false,
        expected: 'allow',
        answered: 'deny',
        reasons: [{ kind: 'nothing_permits' }],
      },
    ]);
  });

  it('are passed by the three examples, which have no fault', () => {
    const full = {
      permissions: [
        ...['read', 'create', 'update', 'suspend', 'delete', 'unlock', 'reset_factors'].map(
          (a) => `users:${a}`,
        ),
        CALL_PERMISSION,
      ],
      resources: {},
    };
    for (const [name, example] of Object.entries({ ownData, administrators, serviceCalls })) {
      expect(checkPolicy(example, full), name).toEqual([]);
      const policy = { id: 'p', name, version: 1, rules: example.rules };
      const results = runTests(policy, example.tests, bundle([], { catalog: full, roles: {} }));
      expect(
        results.filter(({ passed }) => !passed),
        name,
      ).toEqual([]);
      expect(results.length).toBeGreaterThan(1);
    }
  });
});

describe('a call of one service by another', () => {
  const services = {
    shop: { namespace: 'front', mayCall: ['billing'] },
    billing: { namespace: 'back', mayCall: [] },
    reports: { namespace: 'back', mayCall: ['billing', 'shop'] },
  };
  const policies = [
    { id: 'p', name: 'calls', version: 1, rules: (serviceCalls satisfies PolicySource).rules },
  ];
  const model = compileModel(bundle([], { policies, services, roles: { caller: [CALL_PERMISSION] } }));
  const may = (id: string, namespace: string | undefined, target: string, roles: string[] = []) => {
    const subject = { type: 'service' as const, id, roles, ...(namespace !== undefined && { namespace }) };
    return decide(model, asked({ subject, action: 'call', type: 'services', id: target })).decision;
  };

  it('is permitted where the map names it, from the namespace of the caller', () => {
    expect(may('shop', 'front', 'billing')).toBe(true);
    expect(may('reports', 'back', 'shop')).toBe(true);
  });

  it('is refused from another namespace, to another service, and the other way round', () => {
    expect(may('shop', 'back', 'billing')).toBe(false);
    expect(may('shop', undefined, 'billing')).toBe(false);
    expect(may('shop', 'front', 'reports')).toBe(false);
    expect(may('billing', 'back', 'shop')).toBe(false);
  });

  it('is refused to whom the map does not know, even with a role that would permit it', () => {
    for (const id of ['ghost', '__proto__', 'constructor', 'toString'])
      expect(may(id, 'front', 'billing', ['caller']), id).toBe(false);
    expect(may('shop', 'front', 'reports', ['caller'])).toBe(false);
  });
});
