import type { Effect, SubjectType } from './bundle.ts';

/** JSON, as it comes from a caller. */
export type Attributes = Readonly<Record<string, unknown>>;

/**
 * Who asks.
 *
 * SECURITY: everything but `properties` must come from who authenticated the subject, never from the request that is judged:
 * `properties` are attributes and nothing else, they can name no role.
 */
export interface Subject {
  readonly type: SubjectType;
  readonly id: string;
  /** The tenant in which the roles hold. Given and another than the bundle's, nothing is permitted. */
  readonly tenantId?: string;
  readonly roles: readonly string[];
  /** Given (API keys), these are what the subject holds, whatever its roles. */
  readonly permissions?: readonly string[];
  /** Of a service, as its token says. */
  readonly namespace?: string;
  readonly properties?: Attributes;
}

/** May this subject do this action on this resource, in this context? The shape is AuthZEN's. */
export interface DecisionRequest {
  readonly subject: Subject;
  readonly action: { readonly name: string; readonly properties?: Attributes };
  readonly resource: { readonly type: string; readonly id: string; readonly properties?: Attributes };
  readonly context?: Attributes;
}

/** Why. */
export type Reason =
  /** A role holds the permission. */
  | { readonly kind: 'role'; readonly role: string; readonly permission: string }
  /** It is among the subject's own permissions. */
  | { readonly kind: 'permission'; readonly permission: string }
  /** A rule applied. `failed`: its condition could not be judged, so that a deny rule denies. */
  | {
      readonly kind: 'rule';
      readonly effect: Effect;
      readonly policy: string;
      readonly version: number;
      readonly rule: string;
      readonly failed?: true;
    }
  /** No role holds the permission, and no allow rule applied. */
  | { readonly kind: 'nothing_permits'; readonly permission: string }
  /** The subject stands in another tenant than the bundle. */
  | { readonly kind: 'other_tenant' }
  /** There are rules about it, and the request has more or longer attributes than they may be asked about. */
  | { readonly kind: 'too_large' };

/** The answer, frozen: it may be one that others got too. */
export interface Decision {
  readonly decision: boolean;
  readonly reasons: readonly Reason[];
}
