import type { Permission } from '@gatehouse/contracts';
import type { EnteredVia } from './enter-tenant.ts';
import { entering, type NamedRoute } from './entering.ts';

/** Any one of these opens the route; with none of them named, any signed-in user may. */
export type AnyOf = readonly Permission[];

/** Who may reach a route. Every route declares one; the server refuses to start otherwise. */
export type Access = { readonly kind: 'public'; readonly reason: string } | UserAccess;

/** What a signed-in user must hold, by the way on which the route's tenant was entered. */
export interface UserAccess {
  readonly kind: 'user';
  readonly anyOf: Readonly<Record<EnteredVia, AnyOf>>;
  readonly stepUp?: StepUp;
  /** Not for services and API keys, whatever they hold. */
  readonly person?: true;
}

/** How recently, and how strongly, the caller must have proved who they are (RFC 9470, spec R8). */
export interface StepUp {
  /** Seconds since the last proof, at most. */
  readonly maxAge: number;
  /** `2`: a second factor, of everybody. Else the strongest that the caller's account has. */
  readonly acr?: '2';
}

/**
 * Ten minutes. SECURITY: whoever finds a session open must not make the account theirs, open a tenant to first factors alone, or
 * decide whose provider is believed.
 */
export const RECENT: StepUp = { maxAge: 600 };

const WAYS = ['own', 'parent', 'platform'] as const satisfies readonly EnteredVia[];

/** Open to anybody; the reason stands in the route inventory, for a reviewer to agree with. */
export const publicAccess = (reason: string): Access => ({ kind: 'public', reason });

/**
 * A signed-in user; with a permission, whoever holds it in the tenant that they work in: a user, a service or an API key.
 *
 * @example
 * user({ permission: 'users:read' });
 * // Another permission for another way in: a tenant's own settings are no business of the platform's `tenants:update`.
 * user({ permission: { own: 'settings:update', parent: 'customers:update', platform: 'tenants:update' } });
 * // Only for whoever has proved within ten minutes who they are.
 * user({ permission: 'users:reset_factors', stepUp: RECENT });
 * // What is written by it goes on in the name of a person.
 * user({ permission: 'connections:create', person: true });
 */
export function user(
  options: {
    permission?: Permission | Readonly<Record<EnteredVia, Permission>>;
    stepUp?: StepUp;
    person?: true;
  } = {},
): UserAccess {
  const { permission, stepUp, person } = options;
  const access = byWay((way) => {
    if (permission === undefined) return [];
    return [typeof permission === 'string' ? permission : permission[way]];
  });
  return { ...access, ...(stepUp && { stepUp }), ...(person && { person }) };
}

/**
 * Whether a route is for signed-in users alone. A machine cannot prove who it is once more, and has no account of its own to look
 * after; what a permission opens is open to whoever holds it.
 */
export const isForPeople = ({ anyOf, stepUp, person }: UserAccess): boolean =>
  anyOf.own.length === 0 || stepUp !== undefined || person === true;

/**
 * Whoever one of several accesses lets in; a refusal names the first that the caller's tenant can hold.
 *
 * @example
 * either(user({ permission: 'tenants:read' }), user({ permission: 'customers:read' }));
 */
export function either(...accesses: readonly UserAccess[]): UserAccess {
  // SECURITY: beside "any signed-in user" every other condition would be void, and look as if it were not.
  if (accesses.some(({ anyOf }) => WAYS.some((way) => anyOf[way].length === 0)))
    throw new TypeError('either() takes accesses that name a permission');
  if (accesses.some(({ stepUp, person }) => stepUp !== undefined || person !== undefined))
    throw new TypeError('either() takes accesses without stepUp and person');
  return byWay((way) => [...new Set(accesses.flatMap(({ anyOf }) => anyOf[way]))]);
}

const byWay = (permissions: (way: EnteredVia) => AnyOf): UserAccess => ({
  kind: 'user',
  anyOf: { own: permissions('own'), parent: permissions('parent'), platform: permissions('platform') },
});

/** An access in words, for the API description and the route inventory; of a route, with what its tenant's door takes. */
export function describeAccess(access: Access, route?: NamedRoute): string {
  if (access.kind === 'public') return `public: ${access.reason}`;
  const { stepUp } = access;
  const recently = stepUp
    ? `, who proved ${stepUp.acr === undefined ? 'who they are' : 'a second factor'} within ${stepUp.maxAge / 60} minutes`
    : '';
  return describeWho(access, route) + recently;
}

function describeWho(access: UserAccess, route: NamedRoute | undefined): string {
  const [own, parent, platform] = WAYS.map((way) => access.anyOf[way].join(' or '));
  if (own === '') return 'signed-in user';
  const asked =
    own === parent && own === platform
      ? `user with ${own}`
      : `user with ${own} in their own tenant, ${parent} in a customer of theirs, ${platform} in any other`;
  const also = (via: EnteredVia) => {
    const anyOf = route ? entering(route, access, via) : [];
    // What the route asks itself is not said twice.
    return access.anyOf[via].every((permission) => anyOf.includes(permission)) ? '' : anyOf.join(' or ');
  };
  const doors = { 'a customer of theirs also': also('parent'), 'any other tenant': also('platform') };
  const taken = Object.entries(doors).filter(([, takes]) => takes !== '');
  if (taken.length === 0) return asked;
  return `${asked}; to enter ${taken.map(([door, takes]) => `${door} ${takes}`).join(', ')}`;
}
