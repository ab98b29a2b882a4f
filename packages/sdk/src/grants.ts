import { getSystemRole, isSystemRoleName } from '@gatehouse/contracts';
import type { Caller } from './caller.ts';
import { TwoGenerations } from './two-generations.ts';

/** What the roles of a caller hold, in the caller's tenant, as it stands now. */
export interface Grants {
  /** @throws AccessProblem `service.unavailable` when that cannot be found out. */
  heldBy(caller: Caller): ReadonlySet<string> | Promise<ReadonlySet<string>>;
}

/** The 18 built-in roles hold the same everywhere (spec R1); a role of another name holds nothing. */
export function builtInGrants(): Grants {
  const known = new TwoGenerations<ReadonlySet<string>>(1000);
  return {
    heldBy({ roles }) {
      const key = roles.join(' ');
      let held = known.get(key);
      if (held === undefined) {
        held = new Set(
          roles.flatMap((name) => (isSystemRoleName(name) ? getSystemRole(name).permissions : [])),
        );
        known.set(key, held);
      }
      return held;
    },
  };
}
