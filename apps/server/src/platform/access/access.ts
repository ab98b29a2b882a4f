import type { Permission } from '@gatehouse/contracts';

/** Who may reach a route. Every route declares one; the server refuses to start otherwise. */
export type Access =
  | { readonly kind: 'public'; readonly reason: string }
  | { readonly kind: 'user'; readonly permission: Permission | undefined };

/** Open to anybody; the reason stands in the route inventory, for a reviewer to agree with. */
export const publicAccess = (reason: string): Access => ({ kind: 'public', reason });

/** A signed-in user; with a permission, one who holds it in the tenant that the route is about. */
export const user = (options: { permission?: Permission } = {}): Access => ({
  kind: 'user',
  permission: options.permission,
});

export function describeAccess(access: Access): string {
  if (access.kind === 'public') return `public: ${access.reason}`;
  return access.permission === undefined ? 'signed-in user' : `user with ${access.permission}`;
}
