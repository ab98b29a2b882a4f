import type { PrincipalId, SessionId, TenantId, UserId } from '../ids.ts';

/** A signed-in user, as the session stands at this moment. */
export interface UserPrincipal {
  readonly kind: 'user';
  /** The tenant that the session works in. */
  readonly tenantId: TenantId;
  /** The tenant that the user belongs to and the session is stored in. */
  readonly homeTenantId: TenantId;
  readonly userId: UserId;
  /** The membership in `tenantId`: what roles are assigned to. */
  readonly principalId: PrincipalId;
  readonly sessionId: SessionId;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
  readonly email: string;
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

export type Principal = UserPrincipal | SystemPrincipal | ClaimPrincipal | MemberPrincipal;
