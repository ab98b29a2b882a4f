import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { isAddressProved } from './email.repo.ts';

/**
 * Whether people's addresses are proved, for `me`. An address that was proved stays so (a new one is proved before it takes
 * its place), hence a yes is asked of the database once; a no, each time.
 */
export interface ProvedAddresses {
  isProved(tenantId: TenantId, userId: UserId): Promise<boolean>;
}

export function createProvedAddresses({ doors }: { doors: Doors }): ProvedAddresses {
  const proved = new LRUCache<string, true>({ max: 10_000 });
  return {
    async isProved(tenantId, userId) {
      if (proved.has(userId)) return true;
      const answer = await isAddressProved(doors, tenantId, userId);
      if (answer) proved.set(userId, true);
      return answer;
    },
  };
}
