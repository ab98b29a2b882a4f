/**
 * What is decided by, as data: everything that a tenant's decisions depend on, as it travels from the server to a service. It is
 * JSON through and through, so that it can be signed, stored and compared.
 */

/** The type of a resource's attribute, in CEL's words. */
export type AttributeType = 'string' | 'bool' | 'int' | 'double' | 'timestamp' | 'list<string>' | 'map';

/** What exists to decide about: permissions, and the attributes of resources by their type. */
export interface Catalog {
  /** `resource:action`, or `service:resource:action`. */
  readonly permissions: readonly string[];
  /** Only resources of services declare attributes; one that declares none is not listed. */
  readonly resources: Readonly<Record<string, ResourceDeclaration>>;
}

/** A type of resource as its service declared it. */
export interface ResourceDeclaration {
  readonly attributes: Readonly<Record<string, AttributeType>>;
}

/** Who asks. */
export type SubjectType = 'user' | 'service' | 'api_key';

/** What a rule does where it applies. */
export type Effect = 'allow' | 'deny';

/** One sentence of a policy: it applies to actions on one type of resource, when its condition holds. */
export interface Rule {
  /** Names the rule in reasons and logs; unique in its policy. */
  readonly id: string;
  readonly effect: Effect;
  readonly description?: string;
  /**
   * Whom it is about. Left away, a deny rule is about everybody, and an allow rule about users and services: an API key is to do what
   * its scopes say, and gets more only from a rule that names it.
   */
  readonly subjects?: readonly SubjectType[];
  /** The type of resource, e.g. `invoices` or `billing:invoices`. */
  readonly resource: string;
  /** Names of actions, e.g. `read`; there are no wildcards. */
  readonly actions: readonly string[];
  /** A condition in CEL. Left away, the rule always applies. */
  readonly when?: string;
}

/** A version of a policy that is in force, or stands in its shadow. */
export interface PolicyVersion {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly rules: readonly Rule[];
}

/** A service, and whom it may call. */
export interface ServiceEntry {
  readonly namespace: string;
  /** Client ids. */
  readonly mayCall: readonly string[];
}

/** The tenant that is decided for. */
export interface BundleTenant {
  readonly id: string;
  readonly slug: string | null;
  readonly type: 'customer' | 'partner' | 'internal';
}

/** All of it. A bundle is signed as a whole; its issuer and time are claims of the signature's payload beside these. */
export interface Bundle {
  readonly tenant: BundleTenant;
  /** Changes whenever anything below does. */
  readonly version: string;
  /** Role → the permissions that it holds. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** In force. */
  readonly policies: readonly PolicyVersion[];
  /** Evaluated beside, for the log alone. */
  readonly shadow: readonly PolicyVersion[];
  readonly catalog: Catalog;
  /** Client id → namespace and allowed communication. */
  readonly services: Readonly<Record<string, ServiceEntry>>;
}

/** The bundle as it would be if what stands in the shadow were in force, in the place of what is in force of the same policies. */
export function shadowOf(bundle: Bundle): Bundle {
  const shadowed = new Set(bundle.shadow.map(({ id }) => id));
  const rest = bundle.policies.filter(({ id }) => !shadowed.has(id));
  return { ...bundle, policies: [...rest, ...bundle.shadow], shadow: [] };
}

/** A permission's resource and action: what stands before its last colon, and behind it. */
export function split(permission: string): [resource: string, action: string] {
  const cut = permission.lastIndexOf(':');
  return [permission.slice(0, cut), permission.slice(cut + 1)];
}
