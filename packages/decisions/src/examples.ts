/** The three rules that every deployment starts from, as policies to copy: each with the tests that it must pass. */
import type { PolicySource } from './check.ts';
import type { SubjectType } from './bundle.ts';

/**
 * The permission that a call of one service by another is decided by, as type `services` and action `call`. No role can hold it: who may
 * call whom is said by the tenant's map of allowed communication, and by policies.
 */
export const CALL_PERMISSION = 'services:call';

function asking(type: SubjectType, id: string, roles: readonly string[] = []) {
  return { type, id, roles };
}

/** Users read their own data, whatever roles they have or lack. */
export const ownData: PolicySource = {
  rules: [
    {
      id: 'users-read-their-own-data',
      effect: 'allow',
      description: 'Everybody may read the record about themselves.',
      subjects: ['user'],
      resource: 'users',
      actions: ['read'],
      when: 'resource.id == subject.id',
    },
  ],
  tests: [
    {
      name: 'ada reads her own record',
      request: {
        subject: asking('user', 'ada'),
        action: { name: 'read' },
        resource: { type: 'users', id: 'ada' },
      },
      expect: 'allow',
    },
    {
      name: 'ada does not read the record of bob',
      request: {
        subject: asking('user', 'ada'),
        action: { name: 'read' },
        resource: { type: 'users', id: 'bob' },
      },
      expect: 'deny',
    },
    {
      name: 'ada does not delete her own record',
      request: {
        subject: asking('user', 'ada'),
        action: { name: 'delete' },
        resource: { type: 'users', id: 'ada' },
      },
      expect: 'deny',
    },
    {
      name: 'a service that is called ada reads nothing by this rule',
      request: {
        subject: asking('service', 'ada'),
        action: { name: 'read' },
        resource: { type: 'users', id: 'ada' },
      },
      expect: 'deny',
    },
  ],
};

/** Administrators have full access: the role `admin` holds every permission, and this says the same where a rule is wanted. */
export const administrators: PolicySource = {
  rules: [
    {
      id: 'administrators-have-full-access',
      effect: 'allow',
      description: 'Whoever has the role admin may do everything with users.',
      subjects: ['user'],
      resource: 'users',
      actions: ['read', 'create', 'update', 'suspend', 'delete', 'unlock', 'reset_factors'],
      when: '"admin" in subject.roles',
    },
  ],
  tests: [
    {
      name: 'an administrator deletes a user',
      request: {
        subject: asking('user', 'ada', ['admin']),
        action: { name: 'delete' },
        resource: { type: 'users', id: 'bob' },
      },
      expect: 'allow',
    },
    {
      name: 'somebody without a role does not',
      request: {
        subject: asking('user', 'ada'),
        action: { name: 'delete' },
        resource: { type: 'users', id: 'bob' },
      },
      expect: 'deny',
    },
    {
      name: 'to call oneself admin is not to be one',
      request: {
        subject: { ...asking('user', 'ada'), properties: { roles: ['admin'] } },
        action: { name: 'delete' },
        resource: { type: 'users', id: 'bob' },
      },
      expect: 'deny',
    },
  ],
};

const BY_MAP = `subject.id in tenant.services
  && tenant.services[subject.id].namespace == subject.namespace
  && resource.id in tenant.services[subject.id].may_call`;

/**
 * A service may call another only from its own namespace, and only where the allowed-communication map says so. Two rules: the first
 * permits what the map names, the second holds against every other rule or role.
 */
export const serviceCalls: PolicySource = {
  rules: [
    {
      id: 'services-call-whom-the-map-names',
      effect: 'allow',
      subjects: ['service'],
      resource: 'services',
      actions: ['call'],
      when: BY_MAP,
    },
    {
      id: 'services-call-nobody-else',
      effect: 'deny',
      subjects: ['service'],
      resource: 'services',
      actions: ['call'],
      when: `!(${BY_MAP})`,
    },
  ],
  // What the map says is the tenant's; these hold whatever it says.
  tests: [
    {
      name: 'a service that the map does not know calls nobody',
      request: {
        subject: { ...asking('service', 'unknown'), namespace: 'shop' },
        action: { name: 'call' },
        resource: { type: 'services', id: 'billing' },
      },
      expect: 'deny',
    },
    {
      name: 'a service without a namespace calls nobody',
      request: {
        subject: asking('service', 'unknown'),
        action: { name: 'call' },
        resource: { type: 'services', id: 'billing' },
      },
      expect: 'deny',
    },
  ],
};
