import { describe, expect, it } from 'vitest';
import { asked, bundle, rule } from '../test/shop.fixture.ts';
import { compileModel, decide, explain, LIMITS, remember, type Rule } from './index.ts';

/** What the rules alone answer, to somebody without a role. */
function answer(rules: readonly Rule[], question = asked()) {
  return decide(compileModel(bundle(rules)), question);
}

describe('a decision', () => {
  it('is by role: the role that holds the permission is the reason', () => {
    const model = compileModel(bundle());
    expect(decide(model, asked({ subject: { roles: ['nobody', 'clerk'] } }))).toEqual({
      decision: true,
      reasons: [{ kind: 'role', role: 'clerk', permission: 'billing:invoices:read' }],
    });
    expect(decide(model, asked({ subject: { roles: ['clerk'] }, action: 'pay' }))).toEqual({
      decision: false,
      reasons: [{ kind: 'nothing_permits', permission: 'billing:invoices:pay' }],
    });
  });

  it('permits what an allow rule permits, and names policy, version and rule', () => {
    const rules = [rule({ when: 'resource.properties.owner == subject.id' })];
    expect(answer(rules, asked({ properties: { owner: 'ada' } }))).toEqual({
      decision: true,
      reasons: [{ kind: 'rule', effect: 'allow', policy: 'invoices', version: 3, rule: 'r' }],
    });
    expect(answer(rules, asked({ properties: { owner: 'bob' } })).decision).toBe(false);
  });

  it('lets deny win over roles and over allow rules', () => {
    const rules = [
      rule({ id: 'all' }),
      rule({ id: 'paid', effect: 'deny', when: 'resource.properties.paid' }),
    ];
    const clerk = { roles: ['clerk'] };
    expect(answer(rules, asked({ subject: clerk, properties: { paid: true } }))).toEqual({
      decision: false,
      reasons: [{ kind: 'rule', effect: 'deny', policy: 'invoices', version: 3, rule: 'paid' }],
    });
    expect(answer(rules, asked({ subject: clerk, properties: { paid: false } })).decision).toBe(true);
  });

  it('takes a condition that cannot be judged for no permission, and for a denial', () => {
    const when = 'resource.properties.amount > 10';
    for (const properties of [{}, { amount: null }, { amount: '11' }, { amount: 10.5 }, { amount: [] }]) {
      expect(answer([rule({ when })], asked({ properties })).decision, JSON.stringify(properties)).toBe(
        false,
      );
      expect(
        answer([rule({ id: 'all' }), rule({ effect: 'deny', when })], asked({ properties })),
        JSON.stringify(properties),
      ).toEqual({ decision: false, reasons: [expect.objectContaining({ rule: 'r', failed: true })] });
    }
  });

  it('takes a rule that no check would have let pass for one that cannot be judged', () => {
    for (const when of ['matches(', 'resource.id.matches("(a+)+$")', '"text"', 'nobody.id == "x"']) {
      expect(answer([rule({ when })]).decision, when).toBe(false);
      expect(answer([rule({ id: 'all' }), rule({ effect: 'deny', when })]).decision, when).toBe(false);
    }
  });

  it('takes numbers of JSON for what the catalog says they are', () => {
    const holds = (when: string, properties: Record<string, unknown>) =>
      answer([rule({ when })], asked({ properties })).decision;
    expect(holds('resource.properties.amount == 100', { amount: 100 })).toBe(true);
    expect(holds('resource.properties.amount + 1 == 101', { amount: 100.0 })).toBe(true);
    expect(holds('resource.properties.amount > 9007199254740991', { amount: 2 ** 53 })).toBe(false);
    expect(holds('resource.properties.rate * 2.0 == 3.0', { rate: 1.5 })).toBe(true);
    expect(holds('resource.properties.rate < 2.0', { rate: 1 })).toBe(true);
    expect(holds('resource.properties.address.floor > 2', { address: { floor: 3 } })).toBe(true);
    expect(holds('resource.properties.address.floor == 3', { address: { floor: 3 } })).toBe(true);
  });

  it('compares times by the moment, and takes none without an offset', () => {
    const holds = (due: unknown) =>
      answer(
        [rule({ when: 'resource.properties.due < timestamp("2026-06-01T00:00:00Z")' })],
        asked({ properties: { due } }),
      ).decision;
    expect(holds('2026-06-01T01:00:00+02:00')).toBe(true);
    expect(holds('2026-06-01T01:00:00Z')).toBe(false);
    expect(holds('2026-05-01T01:00:00')).toBe(false);
    expect(holds('yesterday')).toBe(false);
  });

  it('tells a missing attribute from one that is there', () => {
    const rules = [rule({ when: '!has(resource.properties.owner) && !has(context.break_glass)' })];
    expect(answer(rules).decision).toBe(true);
    expect(answer(rules, asked({ properties: { owner: null } })).decision).toBe(true);
    expect(answer(rules, asked({ properties: { owner: 'bob' } })).decision).toBe(false);
    expect(answer(rules, asked({ context: { break_glass: false } })).decision).toBe(false);
  });

  it('gives an API key what its own set holds, whatever its roles, and no rule that does not name keys', () => {
    const model = compileModel(
      bundle([rule({ actions: ['pay'] }), rule({ id: 'k', actions: ['void'], subjects: ['api_key'] })]),
    );
    const key = {
      type: 'api_key',
      id: 'k1',
      roles: ['admin'],
      permissions: ['billing:invoices:read'],
    } as const;
    const may = (action: string) => decide(model, asked({ subject: key, action })).decision;
    expect([may('read'), may('pay'), may('void')]).toEqual([true, false, true]);
  });

  it('is about everybody where a deny rule names nobody', () => {
    const model = compileModel(bundle([rule({ effect: 'deny' })]));
    const key = { type: 'api_key', id: 'k1', permissions: ['billing:invoices:read'] } as const;
    expect(decide(model, asked({ subject: key })).decision).toBe(false);
  });

  it('permits nothing to a subject of another tenant', () => {
    const model = compileModel(bundle());
    const admin = { roles: ['admin'] };
    expect(decide(model, asked({ subject: { ...admin, tenantId: 'shop' } })).decision).toBe(true);
    expect(decide(model, asked({ subject: { ...admin, tenantId: 'other' } }))).toEqual({
      decision: false,
      reasons: [{ kind: 'other_tenant' }],
    });
  });

  it('does not take a type and an action for another pair that is written the same', () => {
    const model = compileModel(bundle([rule({ effect: 'deny' })]));
    const key = { type: 'api_key', id: 'k1', permissions: ['billing:invoices:read'] } as const;
    expect(decide(model, asked({ subject: key, type: 'billing', action: 'invoices:read' })).decision).toBe(
      false,
    );
  });

  it('is unmoved by attributes that are called like members of every object', () => {
    const hostile = JSON.parse(
      '{"__proto__":{"owner":"ada","paid":true},"constructor":{"name":"Date"},"toString":"x","hasOwnProperty":1}',
    ) as Record<string, unknown>;
    const holds = (when: string) =>
      answer(
        [rule({ when })],
        asked({ subject: { properties: hostile }, properties: hostile, context: hostile }),
      ).decision;
    expect(holds('has(resource.properties.owner)')).toBe(false);
    expect(holds('has(context.owner) || has(subject.properties.paid)')).toBe(false);
    expect(holds('context.constructor.name == "Date" && context.toString == "x"')).toBe(true);
    expect(holds('"constructor" in context && !("valueOf" in context)')).toBe(true);
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
      const subject = { roles: [name] };
      for (const question of [asked({ subject }), asked({ subject: { roles: ['clerk'] }, action: name })])
        expect(decide(compileModel(bundle()), question).decision, name).toBe(false);
      expect(
        decide(compileModel(bundle()), asked({ subject: { roles: ['admin'] }, type: name })).decision,
      ).toBe(false);
    }
  });

  it('does not walk through more attributes than a request may have', () => {
    const long = { tags: Array.from({ length: 257 }, () => 'a') };
    const rules = [rule({ when: 'resource.properties.tags.exists(t, t == "a")' })];
    expect(answer(rules, asked({ properties: long })).decision).toBe(false);
    expect(answer(rules, asked({ properties: { tags: ['b', 'a'] } })).decision).toBe(true);
    let deep: Record<string, unknown> = { end: true };
    for (let depth = 0; depth < 20_000; depth++) deep = { deep };
    expect(answer([rule({ when: 'has(context.deep)' })], asked({ context: deep })).decision).toBe(false);
  });

  it('refuses a request with more or longer texts than rules may be asked about, and says so', () => {
    const big = 'a'.repeat(LIMITS.textLength + 1);
    const fits = 'a'.repeat(LIMITS.textLength);
    const tooLarge = { decision: false, reasons: [{ kind: 'too_large' }] };
    const denies = rule({ effect: 'deny', when: 'context.text == "evil"' });
    const model = compileModel(bundle([rule({ id: 'all' }), denies]));
    const withContext = (context: Record<string, unknown>) =>
      asked({ subject: { roles: ['clerk'] }, context: { text: 'a', ...context } });
    expect(decide(model, withContext({ fits })).decision).toBe(true);
    for (const context of [
      { big },
      { [big]: 1 },
      { deep: [{ big }] },
      { many: Array.from({ length: 16 }, () => fits) },
      { values: Array.from({ length: 1024 }, () => 0) },
    ]) {
      expect(decide(model, withContext(context))).toEqual(tooLarge);
      expect(explain(model, withContext(context))).toEqual(tooLarge);
      expect(remember(model, 10)(withContext(context))).toEqual(tooLarge);
    }
    for (const question of [
      asked({ id: big }),
      asked({ properties: { owner: big } }),
      asked({ subject: { properties: { big } } }),
    ])
      expect(decide(model, question)).toEqual(tooLarge);
    // Where a role settles it, nothing looks at attributes.
    expect(decide(compileModel(bundle()), withContext({ big })).decision).toBe(true);
  });

  it('takes the name of the subject from who authenticated it, not from its properties', () => {
    const model = compileModel(bundle([rule({ when: '"admin" in subject.roles || subject.id == "root"' })]));
    const claiming = { properties: { roles: ['admin'], id: 'root', permissions: ['billing:invoices:read'] } };
    expect(decide(model, asked({ subject: claiming })).decision).toBe(false);
  });

  it('is explained with every role and every rule that applies', () => {
    const model = compileModel(
      bundle([rule({ id: 'one' }), rule({ id: 'two', when: 'false' }), rule({ id: 'three' })]),
    );
    const { reasons } = explain(model, asked({ subject: { roles: ['admin', 'clerk'] } }));
    expect(
      reasons.map((reason) => ('rule' in reason ? reason.rule : 'role' in reason ? reason.role : '')),
    ).toEqual(['admin', 'clerk', 'one', 'three']);
  });

  it('keeps two API keys apart that ask in turn, ten thousand times [threat 13]', () => {
    const model = compileModel(
      bundle([rule({ actions: ['void'], when: 'resource.id == "7"', subjects: ['api_key'] })]),
    );
    const keys = [
      { type: 'api_key', id: 'reads', roles: [], permissions: ['billing:invoices:read'] },
      { type: 'api_key', id: 'pays', roles: [], permissions: ['billing:invoices:pay'] },
    ] as const;
    for (let turn = 0; turn < 10_000; turn++) {
      const reads = turn % 2 === 0;
      const subject = keys[reads ? 0 : 1];
      expect(decide(model, asked({ subject, action: 'read' })).decision).toBe(reads);
      expect(decide(model, asked({ subject, action: 'pay' })).decision).toBe(!reads);
    }
  });
});
