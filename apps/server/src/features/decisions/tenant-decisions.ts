import { type Bundle, compileModel, type Model, shadowOf } from '@gatehouse/decisions';
import { LRUCache } from 'lru-cache';
import type { EnteredTenant } from '../../platform/access/index.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import type { Deps } from '../deps.ts';
import { loadBundle } from '../policies/index.ts';

/** What a tenant's decisions are made by. */
export interface Decider {
  readonly bundle: Bundle;
  readonly model: Model;
  /** The same with what stands in the shadow in the place of what is in force; undefined where nothing stands there. */
  readonly shadow: Model | undefined;
}

/** The bundles of tenants made ready, remembered until the revocation log says that one has changed. */
export interface Deciders {
  get(entered: EnteredTenant): Promise<Decider>;
  forget(changed: readonly Pick<LogRow, 'kind' | 'tenant_id'>[]): void;
}

/** What changes a bundle: policies, roles, catalog; features of the tenant; its state; its services. */
const KINDS = new Set<LogRow['kind']>(['access', 'settings', 'tenant', 'client']);

export function createDeciders(deps: Pick<Deps, 'doors' | 'tenantRules'>): Deciders {
  // The log tells of every change within a quarter of a second. The minute is for what no log tells: a row changed by hand.
  const known = new LRUCache<TenantId, Decider>({ max: 500, ttl: 60_000 });
  let changes = 0;
  return {
    async get(entered) {
      const found = known.get(entered.tenantId);
      if (found !== undefined) return found;
      const before = changes;
      const bundle = await deps.doors.withTenant(entered, (tx) => loadBundle(deps, tx));
      const decider = {
        bundle,
        model: compileModel(bundle),
        shadow: bundle.shadow.length > 0 ? compileModel(shadowOf(bundle)) : undefined,
      };
      // SECURITY: what was read before a change answers this question and no other.
      if (before === changes) known.set(entered.tenantId, decider);
      return decider;
    },
    forget(changed) {
      for (const { kind, tenant_id: tenantId } of changed) {
        if (!KINDS.has(kind)) continue;
        changes += 1;
        // What the root tenant registers counts in every tenant.
        if (tenantId === ROOT_TENANT) known.clear();
        else known.delete(tenantId as TenantId);
      }
    },
  };
}
