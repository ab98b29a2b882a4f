import { describe, expect, it } from 'vitest';
import {
  isPermission,
  isReadPermission,
  PERMISSION_GROUPS,
  PERMISSIONS,
  PLATFORM_PERMISSIONS,
  TENANT_PERMISSIONS,
} from './permissions.ts';
import { getSystemRole, isSystemRoleName, SYSTEM_ROLE_IDS, SYSTEM_ROLES } from './roles.ts';

const names = Object.keys(PERMISSIONS);

/** Row R1 of the requirement list, word for word. */
const R1 = `system admin, PLATFORM_ADMIN, admin_viewer; sales SALES_REP, SALES_MANAGER, ACCOUNT_MANAGER;
  operations NOC_OPERATOR, NOC_MANAGER, CLOUD_OPS, OPERATIONS_MANAGER; support SUPPORT_AGENT, SUPPORT_MANAGER;
  finance FINANCE_ANALYST, FINANCE_MANAGER; other SECURITY_ANALYST, product_manager, EXECUTIVE, customer_viewer`;

const required = R1.split(';').flatMap((part) => {
  const [group = '', ...roles] = part.trim().split(/[\s,]+/);
  return roles.map((name) => ({ group, name }));
});

describe('the permission catalog', () => {
  it('names every permission resource:action, without wildcards', () => {
    for (const name of names) expect(name).toMatch(/^[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*$/);
  });

  it('lists each permission in one group only', () => {
    const listed = Object.values(PERMISSION_GROUPS).flatMap((group) => Object.keys(group.permissions));
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(names);
  });

  it('describes each permission in a line of its own', () => {
    const descriptions = Object.values(PERMISSIONS);
    for (const description of descriptions) expect(description).toMatch(/^[A-Z].{9,100}[^.]$/);
    expect(new Set(descriptions).size).toBe(descriptions.length);
  });

  it('splits into what concerns one tenant and what concerns them all', () => {
    expect([...TENANT_PERMISSIONS, ...PLATFORM_PERMISSIONS].toSorted()).toEqual(names.toSorted());
    expect(PLATFORM_PERMISSIONS).toContain('tenants:create');
    expect(TENANT_PERMISSIONS).toContain('users:create');
  });

  it('gives each resource that can be changed a permission to read it', () => {
    // Personal data are read through what they are about (users, sessions, audit); tokens are in their holders' hands, and no list has them.
    const withoutRead = ['personal_data', 'tokens'];
    const resources = new Set(names.map((name) => name.slice(0, name.indexOf(':'))));
    const unreadable = [...resources].filter((resource) => !names.includes(`${resource}:read`));
    expect(unreadable).toEqual(withoutRead);
  });

  it('does not take properties of every object, wildcards or other spellings for permissions', () => {
    expect(isPermission('users:read')).toBe(true);
    for (const name of [
      '',
      'constructor',
      '__proto__',
      'users:*',
      '*:*',
      'users',
      'Users:Read',
      'users:read ',
    ]) {
      expect(isPermission(name)).toBe(false);
    }
  });
});

describe('the built-in roles', () => {
  it('are the 18 of the requirement list, by name and group', () => {
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    const defined = SYSTEM_ROLES.map(({ group, name }) => ({ group, name }));
    expect(required).toHaveLength(18);
    expect(defined.toSorted(byName)).toEqual(required.toSorted(byName));
  });

  it('have ids of their own in the shape of a UUIDv7', () => {
    const ids = SYSTEM_ROLES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(18);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('keep the numbers that deployments have stored', () => {
    const numbers = required.map(({ name }) => Number.parseInt(getIdOf(name).slice(-4), 16));
    expect(numbers).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
  });

  it('hold known permissions only, and none twice', () => {
    for (const { name, permissions } of SYSTEM_ROLES) {
      expect(
        permissions.filter((permission) => !isPermission(permission)),
        name,
      ).toEqual([]);
      expect(new Set(permissions).size, name).toBe(permissions.length);
      expect(permissions.length, name).toBeGreaterThan(0);
    }
  });

  it('say in a title and a sentence what they are for', () => {
    for (const { title, description } of SYSTEM_ROLES) {
      expect(title).toMatch(/^[A-Z]/);
      expect(description).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  it('give PLATFORM_ADMIN every permission, in the root tenant only', () => {
    expect(getSystemRole('PLATFORM_ADMIN').permissions.toSorted()).toEqual(names.toSorted());
    expect(SYSTEM_ROLES.filter(({ rootOnly }) => rootOnly).map(({ name }) => name)).toEqual([
      'PLATFORM_ADMIN',
    ]);
  });

  it('give nobody else a permission over all tenants', () => {
    const holders = SYSTEM_ROLES.filter(({ permissions }) =>
      permissions.some((permission) => PLATFORM_PERMISSIONS.includes(permission)),
    );
    expect(holders.map(({ name }) => name)).toEqual(['PLATFORM_ADMIN']);
  });

  it('give admin everything in its tenant', () => {
    expect(getSystemRole('admin').permissions).toEqual(TENANT_PERMISSIONS);
  });

  it('let admin_viewer read exactly what admin reads, and do nothing', () => {
    const viewer = getSystemRole('admin_viewer').permissions;
    expect(viewer).toEqual(getSystemRole('admin').permissions.filter(isReadPermission));
    expect(viewer).toContain('audit:read');
    expect(viewer).not.toContain('audit:export');
    expect(viewer.every((permission) => permission.endsWith(':read'))).toBe(true);
  });

  it('leave giving access to administrators', () => {
    const givesAccess =
      /^(users:(create|update|suspend|delete)|roles:(create|update|delete|assign)|memberships:(?!read)|clients:(?!read)|api_keys:(?!read)|connections:(?!read)|customers:)/;
    const holders = SYSTEM_ROLES.filter(({ permissions }) =>
      permissions.some((name) => givesAccess.test(name)),
    );
    // `customers:read` is a read, so the viewer is the one exception, by that permission alone.
    expect(holders.map(({ name }) => name)).toEqual(['PLATFORM_ADMIN', 'admin', 'admin_viewer']);
    expect(getSystemRole('admin_viewer').permissions.filter((name) => givesAccess.test(name))).toEqual([
      'customers:read',
    ]);
  });

  it('let every manager do what their people do', () => {
    const pairs = [
      ['SALES_REP', 'SALES_MANAGER'],
      ['NOC_OPERATOR', 'NOC_MANAGER'],
      ['NOC_MANAGER', 'OPERATIONS_MANAGER'],
      ['SUPPORT_AGENT', 'SUPPORT_MANAGER'],
      ['FINANCE_ANALYST', 'FINANCE_MANAGER'],
    ] as const;
    for (const [report, manager] of pairs) {
      expect(getSystemRole(manager).permissions).toEqual(
        expect.arrayContaining([...getSystemRole(report).permissions]),
      );
    }
  });

  it('cannot be changed at run time', () => {
    const { permissions } = getSystemRole('customer_viewer');
    expect(() => (permissions as string[]).push('users:delete')).toThrow(TypeError);
  });

  it('are told apart by their exact spelling', () => {
    expect(isSystemRoleName('admin')).toBe(true);
    for (const name of ['Admin', 'ADMIN', 'platform_admin', 'toString', ''])
      expect(isSystemRoleName(name)).toBe(false);
  });
});

function getIdOf(name: string): string {
  if (!isSystemRoleName(name)) throw new Error(`not a built-in role: ${name}`);
  return SYSTEM_ROLE_IDS[name];
}
