/**
 * What each built-in role holds, one explicit permission a line, so that a search for a permission finds its roles.
 *
 * A business role starts from what its job needs to see and adds what the job does; a manager holds what their people
 * hold and the decision that those may not make alone (approve, assign, refund). Who looks for trouble
 * (`SECURITY_ANALYST`) or at the whole (`EXECUTIVE`) reads, and leaves acting to others.
 */
import { isReadPermission, PERMISSIONS, type Permission, TENANT_PERMISSIONS } from './permissions.ts';

const SALES_REP = [
  'accounts:read',
  'accounts:create',
  'accounts:update',
  'opportunities:read',
  'opportunities:create',
  'opportunities:update',
  'quotes:read',
  'quotes:create',
  'quotes:update',
  'products:read',
  'prices:read',
] as const;

const NOC_OPERATOR = [
  'instances:read',
  'metrics:read',
  'incidents:read',
  'incidents:create',
  'incidents:update',
  'maintenance:read',
] as const;

const NOC_MANAGER = [
  ...NOC_OPERATOR,
  'incidents:assign',
  'incidents:close',
  'maintenance:schedule',
  'reports:read',
] as const;

const SUPPORT_AGENT = [
  'users:read',
  'accounts:read',
  'instances:read',
  'incidents:read',
  'maintenance:read',
  'tickets:read',
  'tickets:create',
  'tickets:update',
  'tickets:close',
] as const;

const FINANCE_ANALYST = [
  'accounts:read',
  'prices:read',
  'billing:read',
  'usage:read',
  'invoices:read',
  'payments:read',
  'reports:read',
  'reports:export',
] as const;

/** Built-in role → the permissions it holds. */
export const ROLE_PERMISSIONS = {
  // Each permission by name, like everybody's: there is no flag that says "may everything".
  PLATFORM_ADMIN: Object.keys(PERMISSIONS) as Permission[],
  admin: TENANT_PERMISSIONS,
  // Derived, so that what admin learns to read, admin_viewer reads too, and never more.
  admin_viewer: TENANT_PERMISSIONS.filter(isReadPermission),

  SALES_REP,
  SALES_MANAGER: [...SALES_REP, 'accounts:delete', 'opportunities:assign', 'quotes:approve', 'reports:read'],
  ACCOUNT_MANAGER: [
    'accounts:read',
    'accounts:update',
    'opportunities:read',
    'opportunities:create',
    'opportunities:update',
    'quotes:read',
    'quotes:create',
    'quotes:update',
    'products:read',
    'prices:read',
    'instances:read',
    'tickets:read',
    'tickets:create',
    'billing:read',
    'usage:read',
    'invoices:read',
  ],

  NOC_OPERATOR,
  NOC_MANAGER,
  CLOUD_OPS: [
    'instances:read',
    'instances:create',
    'instances:update',
    'instances:operate',
    'instances:delete',
    'devices:read',
    'metrics:read',
    'incidents:read',
    'incidents:create',
    'incidents:update',
    'maintenance:read',
    'maintenance:schedule',
  ],
  OPERATIONS_MANAGER: [
    ...NOC_MANAGER,
    'devices:read',
    'instances:operate',
    'maintenance:approve',
    'usage:read',
    'reports:export',
  ],

  SUPPORT_AGENT,
  // Unlocking shortens a wait and gives nobody access; ending sessions or suspending stays with the administrators.
  SUPPORT_MANAGER: [...SUPPORT_AGENT, 'users:unlock', 'tickets:assign', 'incidents:create', 'reports:read'],

  FINANCE_ANALYST,
  FINANCE_MANAGER: [
    ...FINANCE_ANALYST,
    'billing:manage',
    'invoices:create',
    'invoices:issue',
    'invoices:void',
    'payments:refund',
  ],

  SECURITY_ANALYST: [
    'users:read',
    'sessions:read',
    'memberships:read',
    'roles:read',
    'groups:read',
    'catalog:read',
    'policies:read',
    'decisions:read',
    'connections:read',
    'clients:read',
    'api_keys:read',
    'devices:read',
    'webhooks:read',
    'settings:read',
    'audit:read',
    'audit:export',
    'security_events:read',
    'security_events:update',
    'incidents:read',
    'incidents:create',
  ],
  product_manager: [
    'products:read',
    'products:create',
    'products:update',
    'products:retire',
    'prices:read',
    'prices:update',
    'usage:read',
    'reports:read',
  ],
  EXECUTIVE: [
    'opportunities:read',
    'quotes:read',
    'products:read',
    'prices:read',
    'incidents:read',
    'billing:read',
    'usage:read',
    'invoices:read',
    'reports:read',
    'reports:export',
  ],
  customer_viewer: [
    'instances:read',
    'incidents:read',
    'maintenance:read',
    'tickets:read',
    'billing:read',
    'usage:read',
    'invoices:read',
  ],
} as const satisfies Record<string, readonly Permission[]>;
