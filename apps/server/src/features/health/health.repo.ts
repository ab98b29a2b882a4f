import type { Doors } from '../../platform/database/index.ts';

/** The same way into the database as sign-in takes; an address that cannot exist costs one index look-up. */
export const pingDatabase = async (doors: Doors): Promise<void> => {
  await doors.call('select tenant_id from gatehouse.find_login($1)', ['']);
};
