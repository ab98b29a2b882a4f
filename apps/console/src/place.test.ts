import { afterEach, describe, expect, it, vi } from 'vitest';

const id = '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11';

async function load(stored?: string) {
  const items = new Map(stored === undefined ? [] : [['gatehouse-place', stored]]);
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => items.set(name, value),
    removeItem: (name: string) => items.delete(name),
  });
  vi.resetModules();
  return { ...(await import('./place.ts')), items };
}
afterEach(() => vi.unstubAllGlobals());

describe('the place that a tab shows', () => {
  it('puts the things of an organisation below it, and nothing else', async () => {
    const { goInto, inPlace } = await load();
    expect(inPlace('/api/v1/users')).toBe('/api/v1/users');
    goInto({ id, name: 'Customer' });
    const below = `/api/v1/tenants/${id}`;
    expect(inPlace('/api/v1/users')).toBe(`${below}/users`);
    expect(inPlace('/api/v1/users/1/suspend')).toBe(`${below}/users/1/suspend`);
    expect(inPlace('/api/v1/role-assignments?principalId=1')).toBe(`${below}/role-assignments?principalId=1`);
    expect(inPlace('/api/v1/audit/live')).toBe(`${below}/audit/live`);
    for (const own of ['/api/v1/sessions', '/api/v1/auth/me', '/api/v1/tenants', '/api/v1/usersomething'])
      expect(inPlace(own)).toBe(own);
    goInto(null);
    expect(inPlace('/api/v1/users')).toBe('/api/v1/users');
  });

  it('is kept over a reload', async () => {
    const { goInto, items } = await load();
    goInto({ id, name: 'Customer' });
    expect((await load(items.get('gatehouse-place'))).getPlace()).toEqual({ id, name: 'Customer' });
  });

  it.each(['', 'null', '{', '{"id":"../../auth","name":"x"}', '{"id":1,"name":"x"}', `{"id":"${id}"}`])(
    'is nothing where %s was stored',
    async (stored) => {
      expect((await load(stored)).getPlace()).toBeNull();
    },
  );
});
