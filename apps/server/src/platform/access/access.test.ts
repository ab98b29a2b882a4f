import { describe, expect, it } from 'vitest';
import { describeAccess, either, publicAccess, user } from './access.ts';

describe('access', () => {
  it('asks the same permission on every way into a tenant', () => {
    expect(user({ permission: 'users:read' }).anyOf).toEqual({
      own: ['users:read'],
      parent: ['users:read'],
      platform: ['users:read'],
    });
  });

  it('can ask another permission for another way in', () => {
    const access = user({
      permission: { own: 'settings:read', parent: 'customers:read', platform: 'tenants:read' },
    });
    expect(access.anyOf).toEqual({
      own: ['settings:read'],
      parent: ['customers:read'],
      platform: ['tenants:read'],
    });
    expect(describeAccess(access)).toBe(
      'user with settings:read in their own tenant, customers:read in a customer of theirs, tenants:read in any other',
    );
  });

  it('opens to any one of several permissions, in the order in which they are named', () => {
    const access = either(
      user({ permission: 'tenants:read' }),
      user({ permission: 'customers:read' }),
      user({ permission: 'tenants:read' }),
    );
    expect(access.anyOf.own).toEqual(['tenants:read', 'customers:read']);
    expect(describeAccess(access)).toBe('user with tenants:read or customers:read');
  });

  it('says what lets into a tenant that the path names, beside what the route asks itself', () => {
    const at = '/api/v1/tenants/:tenantId';
    expect(describeAccess(user({ permission: 'users:read' }), { method: 'GET', url: `${at}/users` })).toBe(
      'user with users:read; to enter a customer of theirs also customers:read or customers:operate, any other tenant tenants:operate',
    );
    for (const [method, permission] of [
      ['POST', 'users:create'],
      ['GET', 'audit:export'],
    ] as const)
      expect(describeAccess(user({ permission }), { method, url: `${at}/x` })).toBe(
        `user with ${permission}; to enter a customer of theirs also customers:operate, any other tenant tenants:operate`,
      );
    const ofTenant = (act: 'read' | 'update') =>
      user({
        permission: { own: `settings:${act}`, parent: `customers:${act}`, platform: `tenants:${act}` },
      });
    expect(describeAccess(ofTenant('update'), { method: 'PATCH', url: at })).toBe(
      'user with settings:update in their own tenant, customers:update in a customer of theirs, tenants:update in any other; ' +
        'to enter a customer of theirs also customers:operate, any other tenant tenants:operate',
    );
    // Who may list it may open it: that asks nothing more.
    expect(describeAccess(ofTenant('read'), { method: 'GET', url: at })).toBe(
      'user with settings:read in their own tenant, customers:read in a customer of theirs, tenants:read in any other',
    );
    expect(describeAccess(user({ permission: 'users:read' }), { method: 'GET', url: '/api/v1/users' })).toBe(
      'user with users:read',
    );
  });

  it('refuses an alternative that lets in anybody who is signed in', () => {
    expect(() => either(user({ permission: 'tenants:read' }), user())).toThrow(TypeError);
  });

  it('says what is open, and why', () => {
    expect(describeAccess(publicAccess('this is the door'))).toBe('public: this is the door');
    expect(describeAccess(user())).toBe('signed-in user');
  });
});
