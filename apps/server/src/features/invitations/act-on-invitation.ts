import type { TenantTx } from '../../platform/database/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnPerson } from '../people/index.ts';
import { type InvitationRow, loadInvitationForUpdate } from './invitations.repo.ts';

/** An act on an open invitation: like one on a person who holds the roles that it gives, so not for whoever stands below. */
export const actOnInvitation = <T>(
  deps: Deps,
  caller: Caller,
  id: string,
  work: (tx: TenantTx, invitation: InvitationRow) => Promise<T>,
): Promise<T> =>
  actOnPerson<InvitationRow & { user_id: string; principal_id: string }, T>(
    deps,
    caller,
    {
      type: 'invitation',
      id,
      load: async (tx) => {
        const row = await loadInvitationForUpdate(tx, id, deps.clock.now());
        // Nobody's yet: the principal has the id, and no user does.
        return row && { ...row, principal_id: row.id, user_id: row.id };
      },
    },
    work,
  );
