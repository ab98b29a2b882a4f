import { personBehind } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { PrincipalId } from '../../platform/ids.ts';
import { type Caller, recordDenied } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { governingBeyond, keepAdministrators } from '../roles/index.ts';

export interface Act<Person> {
  /** What the person is to the caller. */
  type: 'user' | 'membership' | 'invitation';
  id: string;
  /** Reads and locks the row; undefined when this tenant has none such. */
  load(tx: TenantTx): Promise<Person | undefined>;
  /** Changing one's own name is fine; ending one's own account is not. */
  onSelf?: 'allowed';
}

/**
 * The one way on which somebody acts on somebody else's account or membership: the person is found in the entered tenant,
 * is not the actor, does not stand above the actor, and the tenant keeps an administrator.
 *
 * @throws {Problem} `resource.not_found`, `users.self_forbidden`, `access.denied`, `users.last_administrator`
 */
export async function actOnPerson<Person extends { user_id: string; principal_id: string }, T>(
  deps: Pick<Deps, 'doors' | 'denials' | 'clock'>,
  caller: Caller,
  { type, id, load, onSelf }: Act<Person>,
  work: (tx: TenantTx, person: Person) => Promise<T>,
): Promise<T> {
  const { principal, entered } = caller;
  const outcome = await deps.doors.withTenant(entered, (tx) =>
    keepAdministrators(tx, async () => {
      const person = await load(tx);
      if (!person)
        throw new Problem('resource.not_found', { detail: `There is no such ${type} in this tenant.` });
      if (person.user_id === personBehind(principal)?.userId) {
        if (onSelf !== 'allowed')
          throw new Problem('users.self_forbidden', { detail: 'Ask another administrator.' });
      } else {
        const beyond = await governingBeyond(
          tx,
          principal,
          person.principal_id as PrincipalId,
          deps.clock.now(),
        );
        if (beyond !== undefined) {
          await recordDenied(deps, caller, { permission: beyond, resource: { type, id } }, tx);
          return { beyond };
        }
      }
      return { done: await work(tx, person) };
    }),
  );
  if ('done' in outcome) return outcome.done;
  throw new Problem('access.denied', {
    detail: `This ${type} holds ${outcome.beyond}, which you do not: only somebody who holds as much may do this.`,
    missingPermission: outcome.beyond,
  });
}
