/** A tenant with a service that has registered invoices, and what a test changes about it. */
import type { Bundle, DecisionRequest, PolicyTest, Rule, Subject } from '../src/index.ts';

export const catalog = {
  permissions: [
    'users:read',
    'users:delete',
    'services:call',
    'billing:invoices:read',
    'billing:invoices:pay',
    'billing:invoices:void',
  ],
  resources: {
    'billing:invoices': {
      attributes: {
        owner: 'string',
        amount: 'int',
        rate: 'double',
        paid: 'bool',
        due: 'timestamp',
        tags: 'list<string>',
        address: 'map',
      },
    },
  },
} as const;

export function bundle(rules: readonly Rule[] = [], more: Partial<Bundle> = {}): Bundle {
  return {
    tenant: { id: 'shop', slug: 'shop', type: 'customer' },
    version: '1',
    roles: { clerk: ['billing:invoices:read'], admin: [...catalog.permissions] },
    policies: [{ id: 'p', name: 'invoices', version: 3, rules }],
    shadow: [],
    catalog,
    services: {},
    ...more,
  };
}

export function rule(more: Partial<Rule> = {}): Rule {
  return { id: 'r', effect: 'allow', resource: 'billing:invoices', actions: ['read'], ...more };
}

export function user(more: Partial<Subject> = {}): Subject {
  return { type: 'user', id: 'ada', roles: [], ...more };
}

interface Asked {
  readonly subject?: Partial<Subject>;
  readonly action?: string;
  readonly type?: string;
  readonly id?: string;
  readonly properties?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
}

/** May ada read invoice 7? */
export function asked({
  subject,
  action = 'read',
  type = 'billing:invoices',
  id = '7',
  ...more
}: Asked = {}) {
  const { properties, context } = more;
  const request: DecisionRequest = {
    subject: user(subject),
    action: { name: action },
    resource: { type, id, ...(properties && { properties }) },
    ...(context && { context }),
  };
  return request;
}

export function test(name: string, request: DecisionRequest, expect: 'allow' | 'deny'): PolicyTest {
  return { name, request, expect };
}
