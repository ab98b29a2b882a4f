import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Doors } from '../database/index.ts';
import { Problem } from '../http/problem.ts';
import type { Access, UserAccess } from './access.ts';
import type { DeclaredRoute } from './fastify-types.ts';
import { type EnteredTenant, enterOwn, enterTenant } from './enter-tenant.ts';
import type { UserPrincipal } from './principal.ts';

export interface AccessHookDeps {
  doors: Doors;
  /** @throws {Problem} 401 when the request carries no valid token, 403 when it may be forged across sites. */
  authenticate(request: FastifyRequest): Promise<UserPrincipal>;
  /** A signed-in caller was refused: goes on record (spec A1). */
  onDenied(
    request: FastifyRequest,
    principal: UserPrincipal,
    entered: EnteredTenant,
    permission: string,
  ): Promise<void>;
  /** A signed-in caller was not let into the tenant that the path names: goes on record in the caller's own. */
  onTenantRefused(request: FastifyRequest, principal: UserPrincipal, entered: EnteredTenant): Promise<void>;
  /** A caller without an identity was refused: counted by the minute. */
  onAnonymousDenial(request: FastifyRequest, code: string): void;
  /** A caller was permitted: goes to the decision log. */
  onPermitted(
    request: FastifyRequest,
    principal: UserPrincipal,
    entered: EnteredTenant,
    permission: string,
  ): void;
}

/**
 * Authentication and authorization, in one place, on the route that was matched (no path prefixes: threat 75).
 *
 * A route without `config.access` keeps the server from starting.
 */
export function installAccessHook(app: FastifyInstance, deps: AccessHookDeps): void {
  app.decorateRequest('principal', undefined);
  app.decorateRequest('entered', undefined);
  const declared: DeclaredRoute[] = [];
  app.decorate('declaredRoutes', declared);
  app.addHook('onRoute', (route) => {
    const { access, limit } = route.config ?? {};
    if (access === undefined) {
      throw new Error(
        `${String(route.method)} ${route.url} does not declare config.access: say publicAccess('why') or user({ permission })`,
      );
    }
    for (const method of [route.method].flat()) declared.push({ method, url: route.url, access, limit });
  });
  app.addHook('onRequest', async (request) => {
    // No route matched: the not-found handler answers, and there is nothing to protect.
    if (request.is404) return;
    const access: Access | undefined = request.routeOptions.config.access;
    if (access === undefined) throw new Error('an undeclared route was reached');
    if (access.kind === 'public') return;
    const principal = await authenticateOrCount(request, deps);
    const entered = await enterRouteTenant(request, principal, access, deps);
    request.principal = principal;
    request.entered = entered;
    const anyOf = access.anyOf[entered.via];
    const [first] = anyOf;
    if (first === undefined) return;
    const held = anyOf.find((permission) => principal.permissions.has(permission));
    if (held === undefined) {
      await deps.onDenied(request, principal, entered, first);
      throw new Problem('access.denied', {
        detail: `This needs the permission ${anyOf.join(' or ')}; ask an administrator of your tenant for a role that has it.`,
        missingPermission: first,
      });
    }
    deps.onPermitted(request, principal, entered, held);
  });
}

async function authenticateOrCount(request: FastifyRequest, deps: AccessHookDeps): Promise<UserPrincipal> {
  try {
    return await deps.authenticate(request);
  } catch (error) {
    if (error instanceof Problem && error.status < 500) deps.onAnonymousDenial(request, error.code);
    throw error;
  }
}

// SECURITY: the tenant is the session's own, or the one in the path when `enterTenant` lets the principal in. No header,
// query or body chooses it (threats 5, 6 and 8).
async function enterRouteTenant(
  request: FastifyRequest,
  principal: UserPrincipal,
  access: UserAccess,
  deps: AccessHookDeps,
): Promise<EnteredTenant> {
  const named = (request.params as { tenantId?: string } | undefined)?.tenantId;
  if (named === undefined) return enterOwn(principal);
  try {
    return await enterTenant(
      principal,
      named,
      deps.doors,
      looksAtTenant(request.method, access) ? 'look' : 'operate',
    );
  } catch (error) {
    // SECURITY: whether that tenant exists or not, the same record is written, in the same time.
    if (error instanceof Problem) await deps.onTenantRefused(request, principal, enterOwn(principal));
    throw error;
  }
}

// SECURITY: only a route that asks a parent for `customers:read` is about the customer itself, and only its reading is looking;
// people, records and settings inside are reached by who may operate there.
const looksAtTenant = (method: string, access: UserAccess): boolean =>
  (method === 'GET' || method === 'HEAD') && access.anyOf.parent.includes('customers:read');

/** The signed-in caller of a route that is not public. */
export function callerOf(request: FastifyRequest): { principal: UserPrincipal; entered: EnteredTenant } {
  const { principal, entered } = request;
  if (principal === undefined || entered === undefined) throw new Error('callerOf on a public route');
  return { principal, entered };
}
