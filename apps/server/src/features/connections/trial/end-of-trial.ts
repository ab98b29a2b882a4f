import type { TenantTx } from '../../../platform/database/index.ts';
import type { UserId } from '../../../platform/ids.ts';
import { loadHomePrincipal } from '../../people/index.ts';
import { listRoleNames } from '../../roles/index.ts';

/** Whom a trial would have let in, and what they would hold. Thrown where the session would be opened. */
export class EndOfTrial extends Error {
  readonly userId: UserId;
  readonly roles: readonly string[];
  constructor(userId: UserId, roles: readonly string[]) {
    super('a trial lets nobody in');
    this.userId = userId;
    this.roles = roles;
  }
}

export const endOfTrial = async (tx: TenantTx, userId: UserId, now: Date): Promise<EndOfTrial> =>
  new EndOfTrial(userId, await listRoleNames(tx, await loadHomePrincipal(tx, userId), now));
