import { DEFAULT_SETTINGS, type TenantSettingsAnswer, withSettings } from '@gatehouse/contracts';
import type { EnteredTenant } from '../../platform/access/index.ts';
import type { Deps } from '../deps.ts';
import { countMembers, loadOwnSettings } from './settings.repo.ts';

/** The settings of the entered tenant as they count: what was not set has its default. */
export function getSettings(
  { doors }: Pick<Deps, 'doors'>,
  entered: EnteredTenant,
): Promise<TenantSettingsAnswer> {
  return doors.withTenant(entered, async (tx) => {
    const row = await loadOwnSettings(tx);
    if (!row) throw new Error('a tenant that was entered is not there');
    return {
      tenantId: tx.tenantId,
      version: row.settings_version,
      updatedAt: row.updated_at.toISOString(),
      settings: withSettings(DEFAULT_SETTINGS, row.settings),
      usage: { users: await countMembers(tx) },
    };
  });
}
