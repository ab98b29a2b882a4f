import { AUDIT_ACTIONS, Id } from '@gatehouse/contracts';
import { Type } from 'typebox';
import type { RecordFilter } from './audit.repo.ts';

const Moment = Type.String({
  format: 'date-time',
  description: 'RFC 3339.',
  examples: ['2026-11-21T00:00:00Z'],
});

/** What records are searched, exported and followed by. */
export const filterQuery = {
  actor: Type.Optional(Id),
  action: Type.Optional(Type.String({ enum: Object.keys(AUDIT_ACTIONS) })),
  resourceType: Type.Optional(Type.String({ maxLength: 64 })),
  resourceId: Type.Optional(Type.String({ maxLength: 200 })),
  correlationId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
  from: Type.Optional(Moment),
  to: Type.Optional(Moment),
};

type FilterQuery = Omit<RecordFilter, 'from' | 'to'> & { from?: string | undefined; to?: string | undefined };

export const readFilter = ({ from, to, ...rest }: FilterQuery): RecordFilter => ({
  ...rest,
  from: from === undefined ? undefined : new Date(from),
  to: to === undefined ? undefined : new Date(to),
});

/**
 * A filter as it is noted down: what was asked for, without ids.
 *
 * SECURITY: an id is whatever the caller brought along, another tenant's as well; it must not get into this one's records.
 */
export function sayFilter(filter: RecordFilter): Record<string, string> | null {
  const said: [string, string][] = [];
  for (const [name, value] of Object.entries(filter) as [string, string | Date | undefined][]) {
    if (value === undefined) continue;
    if (value instanceof Date) said.push([name, value.toISOString()]);
    else said.push([name, name === 'action' ? value : 'given']);
  }
  return said.length === 0 ? null : Object.fromEntries(said);
}
