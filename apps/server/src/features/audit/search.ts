import type { AuditRecord, AuditSeal } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import type { AuditRow, SealedPersonal } from './audit.repo.ts';
import type { SubjectKeys } from './subject-keys.ts';

/** Personal values by the hash that stands in the record; what is erased, or belongs to another tenant, is not in it. */
export type OpenedPersonal = Readonly<Record<string, { field: string; salt: string; value: string }>>;

/** Before `openPersonal` of each of many: their keys in one statement. */
export async function readKeysAhead(
  tx: TenantTx,
  keys: SubjectKeys,
  rows: readonly Pick<AuditRow, 'personal'>[],
): Promise<void> {
  const sealed = rows.flatMap(({ personal }) => Object.values(personal as SealedPersonal));
  await keys.readAhead(
    tx,
    sealed.map(({ t, s }) => ({ tenantId: t as TenantId, id: s })),
  );
}

export async function openPersonal(
  tx: TenantTx,
  keys: SubjectKeys,
  row: Pick<AuditRow, 'personal'>,
  /** Only what speaks of this person. */
  of?: string,
): Promise<OpenedPersonal> {
  const opened: Record<string, { field: string; salt: string; value: string }> = {};
  for (const [hash, { t, s, f: field, c }] of Object.entries(row.personal as SealedPersonal)) {
    if (of !== undefined && s !== of) continue;
    const found = await keys.open(tx, { tenantId: t as TenantId, id: s }, field, hash, c);
    if (found !== null) opened[hash] = { field, ...found };
  }
  return opened;
}

/** A state or context with its personal values in their places, null where they are gone. */
export function reveal(value: unknown, opened: OpenedPersonal): unknown {
  if (Array.isArray(value)) return value.map((item) => reveal(item, opened));
  if (typeof value !== 'object' || value === null) return value;
  const hash = (value as { $personal?: unknown }).$personal;
  if (typeof hash === 'string') return Object.hasOwn(opened, hash) ? (opened[hash]?.value ?? null) : null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, reveal(member, opened)]));
}

/** A record as its readers see it. */
export function describeRecord(row: AuditRow, opened: OpenedPersonal, seal: AuditSeal): AuditRecord {
  const context = reveal(row.context, opened) as Record<
    'ip' | 'userAgent' | 'actor',
    string | null | undefined
  >;
  const after = reveal(row.after, opened) as Record<string, unknown> | null;
  const before = reveal(row.before, opened) as Record<string, unknown> | null;
  const label = after?.email ?? before?.email ?? after?.name ?? before?.name;
  return {
    id: row.id,
    tenantId: row.tenant_id,
    time: row.occurred_at.toISOString(),
    action: row.action,
    actor: {
      kind: row.actor_kind,
      id: row.actor_id,
      tenantId: row.actor_tenant_id,
      label: context.actor ?? null,
    },
    resource: {
      type: row.resource_type,
      id: row.resource_id,
      label: typeof label === 'string' ? label : null,
    },
    before,
    after,
    ip: context.ip ?? null,
    userAgent: context.userAgent ?? null,
    correlationId: row.correlation_id,
    seal,
  };
}
