import type { Doors } from '../../platform/database/index.ts';
import { insertRootTenant } from './root-tenant.repo.ts';

/** The one internal tenant above all others; the migrations know its id. */
export const createRootTenant = (doors: Doors, now: Date): Promise<void> =>
  doors.asSystem('root tenant', (tx) => insertRootTenant(tx, now));
