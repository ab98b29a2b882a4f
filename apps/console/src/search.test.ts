import { describe, expect, it } from 'vitest';
import { auditSearch, usersSearch } from './search.ts';

describe('filters in the address', () => {
  it('are taken where they are of the right kind', () => {
    expect(usersSearch({ search: 'ada', status: 'active', sort: '-name' })).toEqual({
      search: 'ada',
      status: 'active',
      sort: '-name',
    });
    expect(auditSearch({ action: 'login', from: '2026-01-01T00:00:00.000Z' })).toMatchObject({
      action: 'login',
    });
  });

  it('are left out where somebody typed something else', () => {
    const nothing = { search: undefined, status: undefined, sort: undefined };
    expect(usersSearch({ search: ['a'], status: 'dead', sort: 'password' })).toEqual(nothing);
    expect(usersSearch({ search: '', status: 1, sort: null })).toEqual(nothing);
  });
});
