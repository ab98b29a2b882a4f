import { describe, expect, it } from 'vitest';
import { unmetPasswordRules } from './password-rules.ts';

describe('the rules of a new password', () => {
  it.each([
    ['', ['length', 'upper', 'lower', 'digit']],
    ['abcdefgh', ['upper', 'digit']],
    ['Abcdef1', ['length']],
    ['Abcdefg1', []],
    ['Übergrößenträger7', []],
    // Seven characters, fourteen UTF-16 units.
    ['🗝🗝🗝🗝Ab1', ['length']],
    [`Ab1${'x'.repeat(69)}`, []],
    [`Ab1${'x'.repeat(70)}`, ['bytes']],
    // 3 + 24 × 3 bytes.
    [`Ab1${'€'.repeat(24)}`, ['bytes']],
  ])('%s misses %j', (password, unmet) => {
    expect(unmetPasswordRules(password)).toEqual(unmet);
  });

  it.each([
    ['Abcdefg1', ['length', 'symbol']],
    ['Abcdefghijk1', ['symbol']],
    ['Abcdefghijk1 ', ['symbol']],
    ['Abcdefghijk1é', ['symbol']],
    ['Abcdefghijk1-', []],
    ['Abcdefghijk1🗝', []],
  ])('%s misses %j of a tenant’s own', (password, unmet) => {
    expect(unmetPasswordRules(password, { minLength: 12, symbol: true })).toEqual(unmet);
  });
});
