import type { Bundles, TenantModel } from './bundles.ts';
import type { Caller } from './caller.ts';

/** What the roles of a caller hold, in the caller's tenant, as its bundle says. */
export interface Grants {
  /** @throws AccessProblem `service.unavailable` when that cannot be found out. */
  heldBy(caller: Caller): ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** The same by a bundle that is at hand. */
  heldIn(model: TenantModel, caller: Caller): ReadonlySet<string>;
}

/**
 * Whether the token of a service says less than its roles hold: `scope` was asked for with it.
 *
 * SECURITY: it narrows, as on Gatehouse's own routes; a token for reading must not write because the service behind it could.
 */
export const isNarrowed = ({ kind, scopes }: Caller): boolean => kind === 'service' && scopes.length > 0;

export function createGrants(bundles: Pick<Bundles, 'get'>): Grants {
  /** Sets of permissions by the names of the roles; a bundle that was fetched anew begins anew. */
  const known = new WeakMap<ReadonlyMap<string, readonly string[]>, Map<string, ReadonlySet<string>>>();

  function heldByRoles({ roles: all }: TenantModel, names: readonly string[]): ReadonlySet<string> {
    const ofBundle = known.get(all) ?? new Map<string, ReadonlySet<string>>();
    known.set(all, ofBundle);
    // SECURITY: as JSON, so that no name of a role can be taken for two others.
    const key = names.length === 1 ? `1${names[0]}` : JSON.stringify(names);
    let held = ofBundle.get(key);
    if (held === undefined) {
      held = new Set(names.flatMap((name) => all.get(name) ?? []));
      if (ofBundle.size < MOST_COMBINATIONS) ofBundle.set(key, held);
    }
    return held;
  }

  function heldIn(model: TenantModel, caller: Caller): ReadonlySet<string> {
    const held = heldByRoles(model, caller.roles);
    return isNarrowed(caller) ? new Set(caller.scopes.filter((name) => held.has(name))) : held;
  }

  return {
    heldBy(caller) {
      const model = bundles.get(caller.tenantId);
      return model instanceof Promise ? model.then((late) => heldIn(late, caller)) : heldIn(model, caller);
    },
    heldIn,
  };
}

/** Of roles that are held together, in one tenant. */
const MOST_COMBINATIONS = 10_000;
