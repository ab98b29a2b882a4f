import type { AuditFilter } from './data/audit/queries.ts';
import type { UserFilter } from './data/users/queries.ts';

/** What stands in the address, kept only where it is of the right kind: an address can be typed by hand. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const oneOf = <Name extends string>(value: unknown, ...names: Name[]): Name | undefined =>
  names.find((name) => name === value);

export const userSorts = ['name', '-name', 'email', '-email', 'createdAt', '-createdAt'] as const;

export const usersSearch = (search: Record<string, unknown>): UserFilter => ({
  search: text(search.search),
  status: oneOf(search.status, 'active', 'invited', 'suspended'),
  sort: oneOf(search.sort, ...userSorts),
});

export const auditSearch = (search: Record<string, unknown>): AuditFilter => ({
  actor: text(search.actor),
  action: text(search.action),
  resourceType: text(search.resourceType),
  resourceId: text(search.resourceId),
  from: text(search.from),
  to: text(search.to),
  correlationId: text(search.correlationId),
});
