import type { AccessRule } from '@gatehouse/contracts';
import type { Caller } from './caller.ts';
import { denied, insufficientAuthentication } from './problem.ts';

/** What of a rule can be said from the caller alone. @throws AccessProblem 403 when a demand is not met. */
export function checkCaller(rule: AccessRule, caller: Caller): void {
  if (rule.kind === 'nobody') throw denied('This route does not say who may reach it, and so nobody may.');
  if (rule.serviceOnly && caller.kind !== 'service' && caller.kind !== 'internal')
    throw denied('Only services may call this.');
  for (const anyOf of rule.roles)
    if (!anyOf.some((role) => caller.roles.includes(role)))
      throw denied(`This needs the role ${anyOf.join(' or ')}; ask an administrator of your tenant for it.`);
  if (rule.scopes.length === 0) return;
  const missing = rule.scopes.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length > 0)
    throw denied(
      `The access token lacks the scope ${missing.join(' and ')}; ask for one that has it.`,
      missing,
    );
}

/** @throws AccessProblem 403 that names what is missing (spec R7). */
export function checkPermissions(rule: AccessRule, held: ReadonlySet<string>): void {
  const missing = rule.permissions.filter((permission) => !held.has(permission));
  const [first] = missing;
  if (first !== undefined)
    throw denied(
      `This needs the permission ${missing.join(' and ')}; ask an administrator of your tenant for a role that has it.`,
      missing,
      first,
    );
}

/**
 * Last of all: nobody is asked for a proof who may not do it all the same (RFC 9470).
 *
 * @param now - seconds since 1970.
 * @throws AccessProblem 401, or 403 for whoever cannot prove anything.
 */
export function checkStepUp(rule: AccessRule, caller: Caller, now: number): void {
  const { stepUp } = rule;
  if (stepUp === undefined) return;
  if (caller.kind !== 'user') throw denied('Only a person can prove once more who they are.');
  const { maxAge, acr } = stepUp;
  const isRecent = maxAge === undefined || (caller.authTime !== undefined && now - caller.authTime <= maxAge);
  if (isRecent && (acr === undefined || caller.acr === acr)) return;
  // Where any proof would do, the strongest that this caller has shown to have.
  throw insufficientAuthentication(acr ?? (caller.acr === '2' ? '2' : '1'), maxAge);
}
