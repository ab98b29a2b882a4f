/**
 * Who may reach a route: the one vocabulary of all adapters (spec R3, R7, R8). An adapter only says where in its framework a rule is
 * written; what the rule means is said here, and judged in `@gatehouse/sdk`.
 *
 * A rule is a list of demands, all of which must be met. Rules that meet on a route (of its class, scope or router, and its own) are
 * added up: each narrows, none widens.
 */

/** How recently, and how strongly, a caller must have proved who they are (RFC 9470 §3). */
export interface StepUpDemand {
  /** Seconds since the last proof, at most. */
  readonly maxAge?: number;
  /** `2`: a second factor. */
  readonly acr?: '2';
}

/** What a route demands of its caller. Made by the functions of this module only. */
export interface AccessRule {
  /** `public`: of nobody, not even to be signed in. `nobody`: cannot be met. */
  readonly kind: 'public' | 'caller' | 'nobody';
  /** Why a public route is public, for whoever reviews it. */
  readonly reason?: string;
  /** Of each set, one role must be held. */
  readonly roles: readonly (readonly string[])[];
  /** All must be held. */
  readonly permissions: readonly string[];
  /** All must be in the `scope` of the token (RFC 9068 §2.2.3). */
  readonly scopes: readonly string[];
  /** Services only, no persons and no API keys. */
  readonly serviceOnly: boolean;
  readonly stepUp?: StepUpDemand;
}

/** What becomes of a route that says nothing: it takes a signed-in caller, or refuses everybody. It is never open. */
export type Undeclared = 'signed-in' | 'deny';

const DEMANDS_NOTHING = { roles: [], permissions: [], scopes: [], serviceOnly: false } as const;

/** A token of a scope (RFC 6749 §3.3), which names of roles and permissions are as well: they are quoted in `WWW-Authenticate`. */
const NAME = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Open to everybody.
 *
 * @param reason - why, for whoever reviews the routes.
 * @example
 * publicAccess('the load balancer asks here');
 */
export const publicAccess = (reason?: string): AccessRule => ({
  kind: 'public',
  ...(reason !== undefined && { reason }),
  ...DEMANDS_NOTHING,
});

/** Any caller who is known: a person, a service or an API key. What a route that says nothing takes by default. */
export const signedIn = (): AccessRule => ({ kind: 'caller', ...DEMANDS_NOTHING });

/**
 * Whoever holds one of these roles in the tenant that they work in. Prefer {@link permissions}: which roles hold what is then the
 * tenant's to say.
 *
 * @throws TypeError without a name, or with one that no role can have.
 * @example
 * roles('FINANCE_ANALYST', 'FINANCE_MANAGER'); // one of the two
 */
export const roles = (...names: string[]): AccessRule => ({ ...signedIn(), roles: [named('roles', names)] });

/**
 * Whoever holds all of these permissions in the tenant that they work in.
 *
 * @throws TypeError without a name, or with one that no permission can have.
 * @example
 * permissions('invoices:read');
 * permissions('billing:invoices:void'); // one that the service "billing" has registered
 */
export const permissions = (...names: string[]): AccessRule => ({
  ...signedIn(),
  permissions: named('permissions', names),
});

/**
 * Whose token carries all of these scopes. A scope says what a token was made for, and grants its holder nothing: ask for the
 * permission as well.
 *
 * @throws TypeError without a name, or with one that no scope can have.
 * @example
 * scopes('users:read');
 */
export const scopes = (...names: string[]): AccessRule => ({ ...signedIn(), scopes: named('scopes', names) });

/** Services only (spec M2): no person, whatever roles they hold, and no API key. */
export const serviceOnly = (): AccessRule => ({ ...signedIn(), serviceOnly: true });

/**
 * Whoever has proved recently, or by a second factor, who they are (RFC 9470). Persons only: nobody else can be asked for a proof.
 *
 * @throws TypeError when it demands nothing, or a time that is none.
 * @example
 * stepUp({ maxAge: 600 }); // within ten minutes
 * stepUp({ acr: '2' }); // a second factor, at any time of this session
 */
export function stepUp(demand: StepUpDemand): AccessRule {
  const { maxAge, acr } = demand;
  if (maxAge === undefined && acr === undefined) throw new TypeError('stepUp() takes maxAge, acr or both');
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge > 0))
    throw new TypeError('maxAge is a whole number of seconds');
  // From JavaScript anything may come.
  if (acr !== undefined && (acr as string) !== '2') throw new TypeError("acr is '2'");
  return { ...signedIn(), stepUp: demand };
}

/**
 * All that these rules demand together: the first narrows the next, and none widens another. What is public stays so only among
 * public ones.
 *
 * @example
 * allOf(roles('admin'), permissions('invoices:void'), stepUp({ maxAge: 600 }));
 */
export function allOf(...rules: readonly AccessRule[]): AccessRule {
  if (rules.some(({ kind }) => kind === 'nobody')) return NOBODY;
  // SECURITY: a method that says public in a class that demands something is not public.
  const demanding = rules.filter(({ kind }) => kind === 'caller');
  if (demanding.length === 0) return rules[0] ?? NOBODY;
  const stepUps = demanding.flatMap((rule) => (rule.stepUp === undefined ? [] : [rule.stepUp]));
  return {
    kind: 'caller',
    roles: demanding.flatMap((rule) => rule.roles),
    permissions: [...new Set(demanding.flatMap((rule) => rule.permissions))],
    scopes: [...new Set(demanding.flatMap((rule) => rule.scopes))],
    serviceOnly: demanding.some((rule) => rule.serviceOnly),
    ...(stepUps.length > 0 && { stepUp: strictest(stepUps) }),
  };
}

/**
 * The rule of a route that was declared in these places, from the outermost to its own; where none says anything, what the service
 * says of undeclared routes.
 */
export const ruleOf = (declared: readonly AccessRule[], undeclared: Undeclared): AccessRule => {
  if (declared.length > 0) return allOf(...declared);
  return undeclared === 'signed-in' ? signedIn() : NOBODY;
};

const NOBODY: AccessRule = { kind: 'nobody', ...DEMANDS_NOTHING };

function strictest(demands: readonly StepUpDemand[]): StepUpDemand {
  const ages = demands.flatMap(({ maxAge }) => (maxAge === undefined ? [] : [maxAge]));
  return {
    ...(ages.length > 0 && { maxAge: Math.min(...ages) }),
    ...(demands.some(({ acr }) => acr === '2') && { acr: '2' as const }),
  };
}

function named(of: string, names: readonly string[]): readonly string[] {
  // SECURITY: a list that turned out empty (a setting that is missing) would demand nothing.
  if (names.length === 0) throw new TypeError(`${of}() takes at least one name`);
  for (const name of names)
    if (typeof name !== 'string' || !NAME.test(name))
      throw new TypeError(`${of}(): ${JSON.stringify(name)} is not a name`);
  return names;
}
