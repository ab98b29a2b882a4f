import { DEFAULT_SETTINGS, type TenantSettings, withSettings } from '@gatehouse/contracts';
import { LRUCache } from 'lru-cache';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import { loadOwnSettings, loadSettings, type SettingsRow } from './settings.repo.ts';

/**
 * What tenants have set, for whoever has to obey it: read once and remembered until the revocation log says that it has changed,
 * by this process or another, so that no request pays for it (docs/adr/0046).
 */
export interface TenantRules {
  get(tenantId: TenantId): Promise<TenantSettings>;
  /** The same inside a transaction: whoever holds a connection must not wait for another. */
  within(tx: TenantTx): Promise<TenantSettings>;
  /** Of tenants whose settings were changed, what is remembered is out of date. */
  forget(changed: readonly Pick<LogRow, 'kind' | 'tenant_id'>[]): void;
  /** How often the database was asked. */
  readonly asked: number;
}

export function createTenantRules({ doors }: { doors: Doors }): TenantRules {
  // The log tells of every change within a quarter of a second. The minute is for what no log tells: a row changed by hand.
  const known = new LRUCache<string, TenantSettings>({ max: 20_000, ttl: 60_000 });
  let changes = 0;
  let asked = 0;
  const ask = async (tenantId: TenantId, load: () => Promise<SettingsRow | undefined>) => {
    const before = changes;
    asked += 1;
    const row = await load();
    const settings = withSettings(DEFAULT_SETTINGS, row?.settings ?? {});
    // SECURITY: what was read before a change answers this request and no other.
    if (row && before === changes) known.set(tenantId, settings);
    return settings;
  };
  return {
    async get(tenantId) {
      return known.get(tenantId) ?? ask(tenantId, () => loadSettings(doors, tenantId));
    },
    async within(tx) {
      return known.get(tx.tenantId) ?? ask(tx.tenantId, () => loadOwnSettings(tx));
    },
    forget(changed) {
      for (const { kind, tenant_id } of changed) {
        if (kind !== 'settings') continue;
        changes += 1;
        known.delete(tenant_id);
      }
    },
    get asked() {
      return asked;
    },
  };
}
