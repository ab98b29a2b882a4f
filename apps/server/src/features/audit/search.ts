import type { AuditRecord } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import type { AuditRow, SealedPersonal } from './audit.repo.ts';
import type { SubjectKeys } from './subject-keys.ts';

/** A record as its readers see it: personal values opened, or null where their key is gone or belongs to another tenant. */
export async function revealRecord(tx: TenantTx, keys: SubjectKeys, row: AuditRow): Promise<AuditRecord> {
  const sealed = row.personal as SealedPersonal;
  const reveal = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(reveal));
    if (typeof value !== 'object' || value === null) return value;
    const hash = (value as { $personal?: unknown }).$personal;
    if (typeof hash === 'string') {
      const found = sealed[hash];
      if (!found) return null;
      return keys.open(tx, { tenantId: found.t as TenantId, id: found.s }, found.f, hash, found.c);
    }
    const members: [string, unknown][] = [];
    for (const [name, member] of Object.entries(value)) members.push([name, await reveal(member)]);
    return Object.fromEntries(members);
  };
  const context = (await reveal(row.context)) as {
    ip?: string | null;
    userAgent?: string | null;
    actor?: string | null;
  };
  const after = (await reveal(row.after)) as Record<string, unknown> | null;
  const before = (await reveal(row.before)) as Record<string, unknown> | null;
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
  };
}
