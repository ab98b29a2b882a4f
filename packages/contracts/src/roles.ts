/**
 * The 18 built-in roles. They are immutable, belong to no tenant, and can be assigned in every tenant (except
 * `PLATFORM_ADMIN`, which exists in the root tenant only). A role holds in the tenant where it was assigned and nowhere
 * else, and no role's name opens a door: what counts are the permissions it holds.
 */
import type { Permission } from './permissions.ts';
import { ROLE_PERMISSIONS } from './role-permissions.ts';

/**
 * The ids of the built-in roles, equal in every deployment, numbered in the order of the requirement list. They have
 * the shape of a UUIDv7 made at time zero: they pass wherever an id is checked, sort first, and never meet a generated
 * one. A number is never given to another role.
 */
export const SYSTEM_ROLE_IDS = {
  admin: '00000000-0000-7000-8000-000000000001',
  PLATFORM_ADMIN: '00000000-0000-7000-8000-000000000002',
  admin_viewer: '00000000-0000-7000-8000-000000000003',
  SALES_REP: '00000000-0000-7000-8000-000000000004',
  SALES_MANAGER: '00000000-0000-7000-8000-000000000005',
  ACCOUNT_MANAGER: '00000000-0000-7000-8000-000000000006',
  NOC_OPERATOR: '00000000-0000-7000-8000-000000000007',
  NOC_MANAGER: '00000000-0000-7000-8000-000000000008',
  CLOUD_OPS: '00000000-0000-7000-8000-000000000009',
  OPERATIONS_MANAGER: '00000000-0000-7000-8000-00000000000a',
  SUPPORT_AGENT: '00000000-0000-7000-8000-00000000000b',
  SUPPORT_MANAGER: '00000000-0000-7000-8000-00000000000c',
  FINANCE_ANALYST: '00000000-0000-7000-8000-00000000000d',
  FINANCE_MANAGER: '00000000-0000-7000-8000-00000000000e',
  SECURITY_ANALYST: '00000000-0000-7000-8000-00000000000f',
  product_manager: '00000000-0000-7000-8000-000000000010',
  EXECUTIVE: '00000000-0000-7000-8000-000000000011',
  customer_viewer: '00000000-0000-7000-8000-000000000012',
} as const;

/** The name of a built-in role, spelled as the platform has always spelled it. */
export type SystemRoleName = keyof typeof SYSTEM_ROLE_IDS;

/** The part of the organisation that a built-in role belongs to; roles are shown under these headings. */
export type SystemRoleGroup = 'system' | 'sales' | 'operations' | 'support' | 'finance' | 'other';

/** A built-in role. */
export interface SystemRole {
  readonly id: string;
  readonly name: SystemRoleName;
  /** What people are shown instead of the name. */
  readonly title: string;
  readonly description: string;
  readonly group: SystemRoleGroup;
  /** Assignable in the root internal tenant only. */
  readonly rootOnly: boolean;
  readonly permissions: readonly Permission[];
}

/** All 18, in the order in which people are shown them. */
export const SYSTEM_ROLES: readonly SystemRole[] = [
  role(
    'system',
    'PLATFORM_ADMIN',
    'Platform administrator',
    'Has every permission, in the root tenant; acts in another only by going into it, on record in both.',
  ),
  role(
    'system',
    'admin',
    'Administrator',
    'Has every permission in its own tenant, and over no other tenant but the customers its tenant brought.',
  ),
  role(
    'system',
    'admin_viewer',
    'Administrator, read only',
    'Reads what an administrator reads; changes nothing and exports nothing.',
  ),
  role(
    'sales',
    'SALES_REP',
    'Sales representative',
    'Works on accounts, opportunities and quotes; sees the catalog and its prices.',
  ),
  role(
    'sales',
    'SALES_MANAGER',
    'Sales manager',
    'A sales representative who also closes accounts, hands out opportunities, approves quotes and reads reports.',
  ),
  role(
    'sales',
    'ACCOUNT_MANAGER',
    'Account manager',
    'Looks after existing accounts: sees what they run, use, owe and ask, and quotes what they need next.',
  ),
  role(
    'operations',
    'NOC_OPERATOR',
    'NOC operator',
    'Watches instances and monitoring, opens incidents and works on them.',
  ),
  role(
    'operations',
    'NOC_MANAGER',
    'NOC manager',
    'A NOC operator who also assigns and closes incidents, plans maintenance and reads reports.',
  ),
  role(
    'operations',
    'CLOUD_OPS',
    'Cloud operations engineer',
    'Provisions, changes, runs and destroys cloud instances; works on incidents and plans maintenance.',
  ),
  role(
    'operations',
    'OPERATIONS_MANAGER',
    'Operations manager',
    'A NOC manager who also operates instances, approves maintenance and reports on consumption.',
  ),
  role(
    'support',
    'SUPPORT_AGENT',
    'Support agent',
    'Answers tickets; sees who asks, what they run, and what is down.',
  ),
  role(
    'support',
    'SUPPORT_MANAGER',
    'Support manager',
    'A support agent who also assigns tickets, opens incidents, unlocks accounts and reads reports.',
  ),
  role(
    'finance',
    'FINANCE_ANALYST',
    'Finance analyst',
    'Reads billing, consumption, invoices and payments; exports reports.',
  ),
  role(
    'finance',
    'FINANCE_MANAGER',
    'Finance manager',
    'A finance analyst who also manages billing, issues and voids invoices and refunds payments.',
  ),
  role(
    'other',
    'SECURITY_ANALYST',
    'Security analyst',
    'Reads and exports the audit log, sees who may do what, and works on security events.',
  ),
  role(
    'other',
    'product_manager',
    'Product manager',
    'Keeps the product catalog and its prices; sees consumption and reports.',
  ),
  role(
    'other',
    'EXECUTIVE',
    'Executive',
    'Reads the figures of the business: pipeline, prices, billing, consumption, incidents, reports. No personal data.',
  ),
  role(
    'other',
    'customer_viewer',
    'Customer, read only',
    'Sees what its company runs, uses, pays and has asked.',
  ),
];

/**
 * Whether a string is the name of a built-in role; names are compared as they are spelled.
 *
 * @example
 * isSystemRoleName('admin'); // true
 * isSystemRoleName('Admin'); // false
 */
export function isSystemRoleName(name: string): name is SystemRoleName {
  return Object.hasOwn(SYSTEM_ROLE_IDS, name);
}

/** The built-in role of that name. */
export function getSystemRole(name: SystemRoleName): SystemRole {
  const found = SYSTEM_ROLES.find((candidate) => candidate.name === name);
  if (!found) throw new TypeError(`There is no built-in role named ${name}.`);
  return found;
}

function role(group: SystemRoleGroup, name: SystemRoleName, title: string, description: string): SystemRole {
  return Object.freeze({
    id: SYSTEM_ROLE_IDS[name],
    name,
    title,
    description,
    group,
    rootOnly: name === 'PLATFORM_ADMIN',
    permissions: Object.freeze([...ROLE_PERMISSIONS[name]]),
  });
}
