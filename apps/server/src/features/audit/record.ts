import type { AuditAction } from '@gatehouse/contracts';
import type { SystemTx, TenantTx } from '../../platform/database/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import { newId, type PrincipalId, ROOT_TENANT, type TenantId, type UserId } from '../../platform/ids.ts';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import { insertRecord, type NewRecord } from './audit.repo.ts';
import { type AuditState, Personal, type Subject } from './personal.ts';
import type { SubjectKeys } from './subject-keys.ts';

/**
 * Who acted. A user is named by id; the address it had at that time is sealed beside it. A machine is named by its principal, and by
 * its client_id or as lists show the key; where somebody's key was used from is sealed under the key of its owner.
 */
export type Actor =
  | { kind: 'user'; id: UserId; tenantId: TenantId; email: string }
  | { kind: 'service' | 'api_key'; id: PrincipalId; tenantId: TenantId; name: string; owner?: Subject }
  | { kind: 'system' }
  | { kind: 'anonymous'; subject?: Subject };

export interface AuditEntry {
  action: AuditAction;
  actor: Actor;
  resource: { type: string; id: string | null };
  before?: AuditState | null;
  after?: AuditState | null;
  /** Undefined for what the server or an operator does by itself. */
  request: RequestContext | undefined;
}

/** Writes records. In the transaction of the act itself: neither is there without the other (spec A3). */
export interface Audit {
  record(tx: TenantTx, entry: AuditEntry): Promise<void>;
  /** For a job over all tenants, which names the tenant. */
  recordAsSystem(tx: SystemTx, tenantId: TenantId, entry: AuditEntry): Promise<void>;
}

export function actorOf(principal: CallingPrincipal): Actor {
  const { tenantId } = principal;
  switch (principal.kind) {
    case 'user': {
      const { userId, homeTenantId, email } = principal;
      return { kind: 'user', id: userId, tenantId: homeTenantId, email };
    }
    case 'service':
      return { kind: 'service', id: principal.principalId, tenantId, name: principal.clientId };
    case 'api_key': {
      const { principalId: id, shownAs: name, owner } = principal;
      const subject = owner.kind === 'user' && { owner: { tenantId: owner.homeTenantId, id: owner.userId } };
      return { kind: 'api_key', id, tenantId, name, ...subject };
    }
  }
}

/** Whose key seals what is known of a caller without an account: a key of the day, in the root tenant. */
export const subjectOfTheDay = (now: Date): Subject => ({
  tenantId: ROOT_TENANT,
  id: `day ${now.toISOString().slice(0, 10)}`,
});

export function createAudit({ keys, clock }: { keys: SubjectKeys; clock: Clock }): Audit {
  const write = async (tx: TenantTx | SystemTx, tenantId: TenantId, entry: AuditEntry) => {
    const sealed: NewRecord['personal'] = {};
    const seal = async (field: string, value: unknown): Promise<unknown> => {
      if (value instanceof Personal) {
        const { hash, sealed: text } = await keys.seal(tx, value.subject, field, value.value);
        sealed[hash] = { t: value.subject.tenantId, s: value.subject.id, f: field, c: text };
        return { $personal: hash };
      }
      if (Array.isArray(value))
        return Promise.all(value.map((item, index) => seal(`${field}.${index}`, item)));
      if (typeof value !== 'object' || value === null) return value ?? null;
      const members: [string, unknown][] = [];
      for (const [name, member] of Object.entries(value))
        members.push([name, await seal(`${field}.${name}`, member)]);
      return Object.fromEntries(members);
    };
    const subject = subjectOfActor(entry.actor, tenantId, clock.now());
    // Whoever is not known yet may have named anybody.
    if (entry.actor.kind === 'anonymous') await keys.readAnew(tx, subject);
    const of = (value: string | undefined) => (value ? new Personal(subject, value) : null);
    const context = {
      ip: of(entry.request?.ip),
      userAgent: of(entry.request?.userAgent),
      actor:
        entry.actor.kind === 'user' ? of(entry.actor.email) : 'name' in entry.actor ? entry.actor.name : null,
    };
    const record: NewRecord = {
      tenantId,
      id: newId(),
      occurredAt: clock.now(),
      action: entry.action,
      actorKind: entry.actor.kind,
      actorId: 'id' in entry.actor ? entry.actor.id : null,
      actorTenantId: 'id' in entry.actor ? entry.actor.tenantId : null,
      resourceType: entry.resource.type,
      resourceId: entry.resource.id,
      before: await seal('before', entry.before ?? null),
      after: await seal('after', entry.after ?? null),
      context: await seal('context', context),
      personal: sealed,
      correlationId: entry.request?.correlationId ?? newId().replaceAll('-', ''),
    };
    await insertRecord(tx, record);
    return record;
  };
  return {
    async record(tx, entry) {
      const record = await write(tx, tx.tenantId, entry);
      // Whoever acts from above leaves the same record at home (spec R1: audited in both tenants).
      if (tx.actorTenantId !== tx.tenantId)
        await insertRecord(tx, {
          ...record,
          tenantId: tx.actorTenantId,
          after: { of: tx.tenantId, state: record.after },
        });
    },
    async recordAsSystem(tx, tenantId, entry) {
      await write(tx, tenantId, entry);
    },
  };
}

function subjectOfActor(actor: Actor, tenantId: TenantId, now: Date): Subject {
  if (actor.kind === 'user') return { tenantId: actor.tenantId, id: actor.id };
  if (actor.kind === 'anonymous' && actor.subject) return actor.subject;
  if ('owner' in actor && actor.owner) return actor.owner;
  return { tenantId, id: subjectOfTheDay(now).id };
}
