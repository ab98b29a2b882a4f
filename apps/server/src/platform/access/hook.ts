import { PLATFORM_PERMISSIONS } from '@gatehouse/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Doors } from '../database/index.ts';
import { Problem } from '../http/problem.ts';
import { ROOT_TENANT } from '../ids.ts';
import { type Access, type AnyOf, isForPeople, type StepUp, type UserAccess } from './access.ts';
import type { DeclaredRoute } from './fastify-types.ts';
import { entering } from './entering.ts';
import { type EnteredTenant, enterOwn, enterTenant } from './enter-tenant.ts';
import type { CallingPrincipal, MachinePrincipal, UserPrincipal } from './principal.ts';

export interface AccessHookDeps {
  doors: Doors;
  /** @throws {Problem} 401 when the request carries no valid token, 403 when it may be forged across sites. */
  authenticate(request: FastifyRequest): Promise<CallingPrincipal>;
  /** Before anything is decided: a caller may have asked too often. */
  onAuthenticated(reply: FastifyReply, principal: CallingPrincipal): Promise<void>;
  /** A signed-in caller was refused: goes on record (spec A1). */
  onDenied(
    request: FastifyRequest,
    principal: CallingPrincipal,
    entered: EnteredTenant,
    permission: string,
  ): Promise<void>;
  /** A service or a key called what is for people: goes on record. */
  onMachineRefused(
    request: FastifyRequest,
    principal: MachinePrincipal,
    entered: EnteredTenant,
    code: string,
  ): Promise<void>;
  /** A signed-in caller was not let into the tenant that the path names: goes on record in the caller's own. */
  onTenantRefused(
    request: FastifyRequest,
    principal: CallingPrincipal,
    entered: EnteredTenant,
  ): Promise<void>;
  /** A caller without an identity was refused: counted by the minute. */
  onAnonymousDenial(request: FastifyRequest, code: string): void;
  /** @throws {Problem} 401 when the caller has not proved recently or strongly enough who they are (RFC 9470). */
  checkStepUp(principal: UserPrincipal, stepUp: StepUp): Promise<void>;
  /** A caller was permitted: goes to the decision log. */
  onPermitted(
    request: FastifyRequest,
    principal: CallingPrincipal,
    entered: EnteredTenant,
    permission: string,
  ): void;
}

/** Milliseconds that a body may take before its sender is judged once more; with the half second of ADR 0004 less than S7's one. */
const LATE_MS = 250;

/**
 * Authentication and authorization, in one place, on the route that was matched (no path prefixes: threat 75).
 *
 * A route without `config.access` keeps the server from starting.
 */
export function installAccessHook(app: FastifyInstance, deps: AccessHookDeps): void {
  app.decorateRequest('principal', undefined);
  app.decorateRequest('entered', undefined);
  app.decorateRequest('judgedAt', undefined);
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
  app.addHook('onRequest', async (request, reply) => {
    // No route matched: the not-found handler answers, and there is nothing to protect.
    if (request.is404) return;
    const access: Access | undefined = request.routeOptions.config.access;
    if (access === undefined) throw new Error('an undeclared route was reached');
    if (access.kind === 'public') return;
    const principal = await authenticateOrCount(request, deps);
    await deps.onAuthenticated(reply, principal);
    const held = await admit(request, access, principal, deps);
    // The process's own clock: one that is set back must not make a late body look early.
    if (carriesBody(request)) request.judgedAt = performance.now();
    if (held !== undefined) deps.onPermitted(request, principal, callerOf(request).entered, held);
  });
  // SECURITY: whoever holds back the last byte must not act as who they were when the first one came (threats 43 and 44).
  app.addHook('preHandler', async (request) => {
    if (request.judgedAt !== undefined && performance.now() - request.judgedAt > LATE_MS)
      await app.judgeAgain(request);
  });
  app.decorate('judgeAgain', async (request) => {
    const access: Access | undefined = request.routeOptions.config.access;
    if (access?.kind === 'user') await admit(request, access, await authenticateOrCount(request, deps), deps);
  });
}

/** Known from the head alone: a chunked body that turns out empty may have been held back for just as long. */
const carriesBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/**
 * Lets the principal into the tenant and onto the route, as whom the handler then finds on the request.
 *
 * @returns the permission that opened the route; undefined where it takes none.
 * @throws {Problem} as the route answers, when that has gone on record.
 */
async function admit(
  request: FastifyRequest,
  access: UserAccess,
  principal: CallingPrincipal,
  deps: AccessHookDeps,
): Promise<string | undefined> {
  const entered = await enterRouteTenant(request, principal, deps);
  request.principal = principal;
  request.entered = entered;
  const missing = missingOf(request, access, principal, entered);
  if (missing !== undefined) {
    await deps.onDenied(request, principal, entered, missing[0] ?? '');
    throw denied(missing);
  }
  if (principal.kind === 'user') {
    // After the permission: nobody is asked for a factor who may not do it all the same.
    if (access.stepUp) await deps.checkStepUp(principal, access.stepUp);
  } else if (isForPeople(access)) {
    const refusal = personRequired();
    await deps.onMachineRefused(request, principal, entered, refusal.code);
    throw refusal;
  }
  return access.anyOf[entered.via].find((permission) => principal.permissions.has(permission));
}

/** What the caller would have to hold one of: for entering the tenant that the path names, then for the route itself. */
function missingOf(
  { method, routeOptions }: FastifyRequest,
  access: UserAccess,
  principal: CallingPrincipal,
  { via }: EnteredTenant,
): AnyOf | undefined {
  const route = { method, url: routeOptions.url ?? '' };
  const missing = [entering(route, access, via), access.anyOf[via]].find(
    (anyOf) => anyOf.length > 0 && !anyOf.some((permission) => principal.permissions.has(permission)),
  );
  if (missing === undefined || principal.tenantId === ROOT_TENANT) return missing;
  // What can be held in the root tenant only is no advice for anybody else, unless there is no other.
  const possible = missing.filter((permission) => !PLATFORM_PERMISSIONS.includes(permission));
  return possible.length > 0 ? possible : missing;
}

const denied = (missing: AnyOf) =>
  new Problem('access.denied', {
    detail: `This needs the permission ${missing.join(' or ')}; ask an administrator of your tenant for a role that has it.`,
    missingPermission: missing[0] ?? '',
  });

async function authenticateOrCount(request: FastifyRequest, deps: AccessHookDeps): Promise<CallingPrincipal> {
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
  principal: CallingPrincipal,
  deps: AccessHookDeps,
): Promise<EnteredTenant> {
  const named = (request.params as { tenantId?: string } | undefined)?.tenantId;
  if (named === undefined) return enterOwn(principal);
  try {
    return await enterTenant(principal, named, deps.doors);
  } catch (error) {
    // SECURITY: whether that tenant exists or not, the same record is written, in the same time.
    if (error instanceof Problem) await deps.onTenantRefused(request, principal, enterOwn(principal));
    throw error;
  }
}

/** A machine called what is for people. */
export const personRequired = () =>
  new Problem('auth.person_required', {
    detail:
      'Services and API keys reach what a permission opens; this takes a session of somebody who signed in.',
  });

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): { principal: CallingPrincipal; entered: EnteredTenant } {
  const { principal, entered } = request;
  if (principal === undefined || entered === undefined) throw new Error('callerOf on a public route');
  return { principal, entered };
}

/** The signed-in user who calls a route that is for people (`isForPeople`). */
export function personOf(request: FastifyRequest): { principal: UserPrincipal; entered: EnteredTenant } {
  const { principal, entered } = callerOf(request);
  if (principal.kind !== 'user') throw new Error('personOf on a route that machines reach');
  return { principal, entered };
}
