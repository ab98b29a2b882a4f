import type { PrincipalId, SessionId, TenantId, UserId } from '../ids.ts';

/** Whoever calls a route that is not public, as they stand at this moment. */
interface Calling {
  /** The tenant that the caller works in. */
  readonly tenantId: TenantId;
  /** What roles are assigned to, decisions are logged for, and revocations speak of. */
  readonly principalId: PrincipalId;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
}

/** A signed-in user: `tenantId` is the tenant that the session works in, `principalId` the membership there. */
export interface UserPrincipal extends Calling {
  readonly kind: 'user';
  /** The tenant that the user belongs to and the session is stored in. */
  readonly homeTenantId: TenantId;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly email: string;
}

/** A service that presents a token of its own (spec M2). */
export interface ServicePrincipal extends Calling {
  readonly kind: 'service';
  readonly clientId: string;
}

/**
 * A script that presents an API key (spec M4): of a member of the tenant, or of a service. `permissions` are the key's scopes, as far as
 * the owner holds them.
 */
export interface ApiKeyPrincipal extends Calling {
  readonly kind: 'api_key';
  /** How lists and logs show the key: its prefix and its last four characters. */
  readonly shownAs: string;
  readonly owner:
    | { readonly kind: 'user'; readonly userId: UserId; readonly homeTenantId: TenantId }
    | { readonly kind: 'service'; readonly clientId: string };
}

export type MachinePrincipal = ServicePrincipal | ApiKeyPrincipal;
export type CallingPrincipal = UserPrincipal | MachinePrincipal;

/** The person in whose name a caller acts: themselves, or the owner of the key; undefined for a service. */
export function personBehind(
  principal: CallingPrincipal,
): Pick<UserPrincipal, 'userId' | 'homeTenantId'> | undefined {
  if (principal.kind === 'user') return principal;
  return principal.kind === 'api_key' && principal.owner.kind === 'user' ? principal.owner : undefined;
}

/** Work of the server itself or of an operator at its command line. */
export interface SystemPrincipal {
  readonly kind: 'system';
  readonly tenantId: TenantId;
  readonly reason: string;
}

/**
 * Somebody who holds a mailed link, or who claims an address, and has proved nothing yet. It reaches the tenant that the
 * link or the address names, and only the statements that judge the claim are run with it.
 */
export interface ClaimPrincipal {
  readonly kind: 'claim';
  readonly tenantId: TenantId;
  /** The home of whoever claims, where that is known: what they do is on record there as well. */
  readonly homeTenantId?: TenantId;
}

/**
 * A signed-in user who asks to work in another tenant than the session does. What they may there is not what they may here:
 * nothing but the membership counts, at home or as a guest.
 */
export interface MemberPrincipal {
  readonly kind: 'member';
  /** The home. */
  readonly tenantId: TenantId;
  readonly userId: UserId;
}

export type Principal = CallingPrincipal | SystemPrincipal | ClaimPrincipal | MemberPrincipal;
