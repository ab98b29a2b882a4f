import type { FastifyRequest } from 'fastify';
import {
  callerOf,
  type CallingPrincipal,
  type EnteredTenant,
  personOf,
  type UserPrincipal,
} from '../platform/access/index.ts';
import type { TenantTx } from '../platform/database/index.ts';
import { contextOf, type RequestContext } from '../platform/http/index.ts';
import type { Deps } from './deps.ts';

/** Who asks, in which tenant, by which request. */
export interface Caller {
  principal: CallingPrincipal;
  entered: EnteredTenant;
  request: RequestContext;
}

/** The same on a route that is for people. */
export interface Person extends Caller {
  principal: UserPrincipal;
}

export const callerWith = (request: FastifyRequest): Caller => ({
  ...callerOf(request),
  request: contextOf(request),
});

export const personWith = (request: FastifyRequest): Person => ({
  ...personOf(request),
  request: contextOf(request),
});

/**
 * Puts the refusal of a signed-in caller on record (spec A1): in a transaction of its own, or in one that is open already and is
 * not rolled back with the refused act.
 */
export function recordDenied(
  deps: Pick<Deps, 'denials'>,
  caller: Caller,
  { permission, resource }: { permission: string; resource: { type: string; id: string | null } },
  tx?: TenantTx,
): Promise<void> {
  return deps.denials.record({ ...caller, resource, reason: { permission } }, tx);
}
