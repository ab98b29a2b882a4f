import { describe, expect, it } from 'vitest';
import { localToUtc, utcToLocal } from './zone.ts';

describe('a time in a filter', () => {
  it('survives the way from the field to the server and back', () => {
    expect(utcToLocal(localToUtc('2026-11-21T09:30'))).toBe('2026-11-21T09:30');
    expect(localToUtc('2026-11-21T09:30')).toBe(new Date(2026, 10, 21, 9, 30).toISOString());
  });

  it('is nothing where the field is empty or the address holds nonsense', () => {
    expect(localToUtc('')).toBeUndefined();
    expect(utcToLocal(undefined)).toBe('');
    expect(utcToLocal('yesterday')).toBe('');
  });
});
