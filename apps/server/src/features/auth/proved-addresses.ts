import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { isAddressProved } from './email.repo.ts';

/**
 * Whether people's addresses are proved, for `me`. An address that was proved stays so (a new one is proved before it takes
 * its place), hence a yes is asked of the database once. A no is remembered like a session, half a second at most and until this
 * process commits anything.
 */
export interface ProvedAddresses {
  isProved(tenantId: TenantId, userId: UserId): Promise<boolean>;
}

export function createProvedAddresses({ doors }: { doors: Doors }): ProvedAddresses {
  const proved = new LRUCache<string, true>({ max: 10_000 });
  const unproved = new LRUCache<string, true>({ max: 10_000, ttl: 500 });
  let changes = 0;
  doors.onTenantChange(() => {
    changes += 1;
    unproved.clear();
  });
  return {
    async isProved(tenantId, userId) {
      if (proved.has(userId)) return true;
      if (unproved.has(userId)) return false;
      const before = changes;
      const answer = await isAddressProved(doors, tenantId, userId);
      if (answer) proved.set(userId, true);
      else if (before === changes) unproved.set(userId, true);
      return answer;
    },
  };
}
