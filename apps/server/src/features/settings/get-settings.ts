import { DEFAULT_SETTINGS, type TenantSettingsAnswer, withSettings } from '@gatehouse/contracts';
import type { EnteredTenant } from '../../platform/access/index.ts';
import type { Deps } from '../deps.ts';
import { logoOf } from './brands.ts';
import { loadLogo } from './logo.repo.ts';
import { countMembers, loadOwnSettings } from './settings.repo.ts';

/** The settings of the entered tenant as they count: what was not set has its default. */
export function getSettings(
  { doors }: Pick<Deps, 'doors'>,
  entered: EnteredTenant,
): Promise<TenantSettingsAnswer> {
  return doors.withTenant(entered, async (tx) => {
    const row = await loadOwnSettings(tx);
    if (!row) throw new Error('a tenant that was entered is not there');
    const logo = await loadLogo(tx);
    return {
      tenantId: tx.tenantId,
      version: row.settings_version,
      updatedAt: row.updated_at.toISOString(),
      settings: withSettings(DEFAULT_SETTINGS, row.settings),
      logo: logo === undefined ? null : logoOf(logo),
      usage: { users: await countMembers(tx) },
    };
  });
}
