/**
 * The permission catalog: every permission that the platform itself knows, in one place, with one line that says what
 * it lets its holder do. A permission is `resource:action`; services add their own as `service:resource:action`.
 *
 * - There are no wildcards, neither here nor in the database: what a role holds is an explicit list, so that a
 *   permission added later reaches nobody who was never meant to have it.
 * - `read` covers listing, searching and opening. It is the only action that never changes anything, and the only one
 *   that `admin_viewer` gets; taking data away in bulk is `export`, an action of its own.
 * - A permission says *what*, never *where*. Where it holds is decided by `enterTenant`: one's own tenant, a membership,
 *   a customer of one's own (`customers:read` to read, `customers:operate` to act) or, for the platform's administrators,
 *   any tenant (`tenants:operate`).
 */

/**
 * How far a group's permissions reach: `tenant` ones are about the tenant that they are held in, and `admin` has them
 * all; `platform` ones concern every tenant at once, mean something in the root tenant only, and are held by
 * `PLATFORM_ADMIN` alone.
 */
export type PermissionReach = 'tenant' | 'platform';

interface PermissionGroup {
  readonly title: string;
  readonly reach: PermissionReach;
  /** Name → what it lets its holder do, as a sentence without a subject. */
  readonly permissions: Readonly<Record<`${string}:${string}`, string>>;
}

/** The catalog in groups, in the order in which people are shown it. */
export const PERMISSION_GROUPS = {
  people: {
    title: 'People and sessions',
    reach: 'tenant',
    permissions: {
      'users:read': 'List users and open one',
      'users:create': 'Add a user, who then sets a password by mail',
      'users:update': "Change a user's name and profile",
      'users:suspend': 'Suspend a user, and let a suspended one in again',
      'users:delete': 'Delete a user',
      'users:unlock': 'Lift the lock that failed sign-ins left on an account',
      'users:reset_factors': 'Remove all second factors of a user who has lost them',
      'sessions:read': "See other users' sessions: device, address, last use",
      'sessions:end': "End other users' sessions",
      'memberships:read': 'List who belongs to the tenant, and with which standing',
      'memberships:create': 'Make a user of another tenant a member',
      'memberships:update': 'Change a membership',
      'memberships:suspend': 'Suspend a membership, and let a suspended one in again',
      'memberships:delete': 'End a membership',
      'invitations:read': 'List invitations and their state',
      'invitations:create': 'Invite people by mail, and send an invitation again',
      'invitations:revoke': 'Take back an invitation that was not accepted yet',
      'consents:read': 'See what users consented to, when and from where',
      'personal_data:export': "Export all data about one person, on that person's request",
      'personal_data:erase': "Erase one person's data for good",
    },
  },
  access: {
    title: 'Roles, policies and ways in',
    reach: 'tenant',
    permissions: {
      'roles:read': 'List roles, what they hold, and who has them',
      'roles:create': 'Create a custom role from permissions one holds oneself',
      'roles:update': 'Change a custom role, within what one holds oneself',
      'roles:delete': 'Delete a custom role',
      'roles:assign': 'Give roles and take them away, within what one holds oneself',
      'groups:read': 'List groups, their roles and who is in them',
      'groups:create': 'Make a group, which has no roles yet',
      'groups:update': "Change a group's name and description",
      'groups:delete': 'Delete a group, within what one holds oneself',
      'catalog:read': 'Read the permissions and resources that services have registered',
      'catalog:update': 'Register the permissions and resources of a service',
      'policies:read': 'Read policies and their versions',
      'policies:create': 'Draft and test policies',
      'policies:update': 'Change a drafted policy',
      'policies:publish': 'Put a tested policy version into force, or an earlier one back',
      'policies:delete': 'Withdraw a policy',
      'decisions:read': 'Read the decision log: who asked for what, and why it was permitted or denied',
      'decisions:evaluate': 'Ask for decisions about others',
      'bundles:read': "Fetch the tenant's roles, policies and catalog, to decide by them in process",
      'connections:read': 'List identity providers; their secrets are never shown',
      'connections:create': 'Connect an identity provider',
      'connections:update': "Change an identity provider's settings or secret",
      'connections:delete': 'Disconnect an identity provider',
    },
  },
  machines: {
    title: 'Applications, keys and devices',
    reach: 'tenant',
    permissions: {
      'clients:read': 'List applications and services; their secrets are never shown',
      'clients:create': 'Register an application or service',
      'clients:update': "Change an application's addresses, limits and token mode",
      'clients:rotate': "Replace an application's secret",
      'clients:suspend': 'Suspend an application, and let a suspended one in again',
      'clients:delete': 'Revoke an application for good',
      'api_keys:read': 'List API keys by prefix and last four characters',
      'api_keys:create': 'Create an API key, within what one holds oneself',
      'api_keys:rotate': 'Regenerate an API key',
      'api_keys:revoke': 'Revoke an API key',
      'tokens:introspect': 'Ask what a token or an API key of the tenant is worth',
      'revocations:read': 'Follow what has ended in the tenant: sessions, users, memberships, clients',
      'registration_keys:read': 'List edge registration keys',
      'registration_keys:create': 'Create an edge registration key',
      'registration_keys:revoke': 'Revoke an edge registration key',
      'devices:read': 'List edge devices',
      'devices:update': 'Rename an edge device',
      'devices:revoke': 'Revoke an edge device',
      'webhooks:read': 'List webhooks and their deliveries',
      'webhooks:create': 'Add a webhook',
      'webhooks:update': "Change a webhook's address, events or secret",
      'webhooks:delete': 'Remove a webhook',
      'webhooks:replay': 'Send a delivery again',
    },
  },
  tenant: {
    title: 'The tenant and its customers',
    reach: 'tenant',
    permissions: {
      'settings:read': "Read the tenant's settings, limits and flags",
      'settings:update': "Change the tenant's name, locale, branding and sign-in rules",
      'customers:read':
        'List the customers that the tenant brought, open one, and read inside it what one may read at home',
      'customers:create': "Create a customer tenant below one's own",
      'customers:update': "Change a customer of one's own",
      'customers:suspend': "Suspend a customer of one's own, and let a suspended one in again",
      'customers:delete': "Delete a customer of one's own",
      'customers:operate': "Act inside a customer of one's own, with the other permissions one holds",
    },
  },
  audit: {
    title: 'Audit and security',
    reach: 'tenant',
    permissions: {
      'audit:read': 'Search the audit log and open its records',
      'audit:export': 'Export audit records',
      'security_events:read': 'Read security events and alerts',
      'security_events:update': 'Assign, annotate and close security events',
    },
  },
  sales: {
    title: 'Sales and catalog',
    reach: 'tenant',
    permissions: {
      'accounts:read': 'Read customer accounts and their contacts',
      'accounts:create': 'Open a customer account',
      'accounts:update': 'Change a customer account',
      'accounts:delete': 'Close a customer account',
      'opportunities:read': 'Read opportunities',
      'opportunities:create': 'Open an opportunity',
      'opportunities:update': 'Change an opportunity and its stage',
      'opportunities:assign': 'Hand an opportunity to somebody else',
      'quotes:read': 'Read quotes',
      'quotes:create': 'Draft a quote',
      'quotes:update': 'Change a drafted quote',
      'quotes:approve': 'Approve a quote and its discount',
      'products:read': 'Read the product catalog',
      'products:create': 'Add a product to the catalog',
      'products:update': 'Change a product',
      'products:retire': 'Take a product off the catalog',
      'prices:read': 'Read price lists',
      'prices:update': 'Change price lists',
    },
  },
  operations: {
    title: 'Operations',
    reach: 'tenant',
    permissions: {
      'instances:read': 'List cloud instances and their state',
      'instances:create': 'Provision a cloud instance',
      'instances:update': 'Resize or reconfigure a cloud instance',
      'instances:operate': 'Start, stop and restart a cloud instance',
      'instances:delete': 'Destroy a cloud instance',
      'metrics:read': 'Read monitoring data',
      'incidents:read': 'Read incidents',
      'incidents:create': 'Open an incident',
      'incidents:update': 'Work on an incident',
      'incidents:assign': 'Hand an incident to somebody else',
      'incidents:close': 'Close an incident',
      'maintenance:read': 'Read the maintenance calendar',
      'maintenance:schedule': 'Plan a maintenance window',
      'maintenance:approve': 'Approve a planned maintenance window',
    },
  },
  support: {
    title: 'Support',
    reach: 'tenant',
    permissions: {
      'tickets:read': 'Read support tickets',
      'tickets:create': 'Open a support ticket',
      'tickets:update': 'Answer and change a support ticket',
      'tickets:assign': 'Hand a support ticket to somebody else',
      'tickets:close': 'Close a support ticket',
    },
  },
  finance: {
    title: 'Finance and reports',
    reach: 'tenant',
    permissions: {
      'billing:read': 'Read subscriptions and payment terms',
      'billing:manage': 'Change subscriptions and payment terms',
      'usage:read': 'Read consumption',
      'invoices:read': 'Read invoices',
      'invoices:create': 'Draft an invoice',
      'invoices:issue': 'Issue an invoice',
      'invoices:void': 'Void an issued invoice',
      'payments:read': 'Read payments',
      'payments:refund': 'Refund a payment',
      'reports:read': 'Read reports',
      'reports:export': 'Export reports',
    },
  },
  platform: {
    title: 'The platform',
    reach: 'platform',
    permissions: {
      'tenants:read': 'List all tenants and open one',
      'tenants:create': 'Create a tenant of any type',
      'tenants:update': 'Change any tenant, its limits, flags and rate tier',
      'tenants:suspend': 'Suspend any tenant but the root, and let a suspended one in again',
      'tenants:delete': 'Delete any tenant but the root',
      'tenants:operate': 'Act inside any tenant through /api/v1/tenants/{id}/…, audited in both',
      'tenant_bundles:read':
        'Fetch the roles, policies and catalog of every tenant, to decide by them in process',
      'tenant_revocations:read': 'Follow what has ended in every tenant',
      'signing_keys:read': 'List signing keys and their age',
      'signing_keys:rotate': 'Rotate signing keys',
      'platform_settings:read': 'Read the settings of the deployment',
      'platform_settings:update': 'Change the settings of the deployment',
    },
  },
} as const satisfies Record<string, PermissionGroup>;

type Groups = typeof PERMISSION_GROUPS;

/** The name of a group of the catalog. */
export type PermissionGroupName = keyof Groups;

/** The name of a permission of the catalog, e.g. `users:read`. Token scopes use the same names. */
export type Permission = { [G in PermissionGroupName]: keyof Groups[G]['permissions'] }[PermissionGroupName];

const entries = Object.values(PERMISSION_GROUPS).flatMap((group) =>
  Object.entries(group.permissions).map(([name, description]) => ({
    name: name as Permission,
    description,
    reach: group.reach satisfies PermissionReach,
  })),
);

/** Every permission of the catalog with its description, in catalog order. */
export const PERMISSIONS = Object.freeze(
  Object.fromEntries(entries.map(({ name, description }) => [name, description])),
) as Readonly<Record<Permission, string>>;

/** Names of all permissions that concern one tenant: what `admin` holds. */
export const TENANT_PERMISSIONS: readonly Permission[] = entries
  .filter(({ reach }) => reach === 'tenant')
  .map(({ name }) => name);

/** Names of all permissions that concern every tenant at once: held by `PLATFORM_ADMIN` only. */
export const PLATFORM_PERMISSIONS: readonly Permission[] = entries
  .filter(({ reach }) => reach === 'platform')
  .map(({ name }) => name);

/**
 * Whether a string names a permission of the catalog.
 *
 * @example
 * isPermission('users:read'); // true
 * isPermission('users:*'); // false: there are no wildcards
 */
export function isPermission(name: string): name is Permission {
  // SECURITY: `in` would also find `constructor` and its kin on the prototype.
  return Object.hasOwn(PERMISSIONS, name);
}

/** Whether holding the permission lets nobody change or carry away anything. */
export function isReadPermission(permission: Permission): boolean {
  return permission.endsWith(':read');
}
