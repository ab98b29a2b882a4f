import type { PlacePolicyVersion, PublishPolicy, WithdrawPolicy } from '@gatehouse/contracts';
import type { AuditAction } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import { actorOf } from '../audit/index.ts';
import type { Person } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkPublishable, withRoles } from './check-document.ts';
import { stateOf } from './document-state.ts';
import { outOfDate } from './draft-policy.ts';
import { getPolicy } from './get-policy.ts';
import {
  deletePolicyRow,
  documentOf,
  insertVersion,
  loadVersion,
  lockPolicies,
  type Place,
  type PolicyWithDraft,
  setPlace,
} from './policies.repo.ts';

type Work = (
  tx: TenantTx,
  policy: PolicyWithDraft,
  now: Date,
) => Promise<{ action: AuditAction; after: Record<string, string | number | null> }>;

/**
 * Makes a version of the draft, which never changes, and puts it into force or into the shadow: after it has passed its tests, of which
 * there is at least one. Earlier versions stay, to be put back.
 *
 * @throws {Problem} `resource.not_found`, `policies.changed`, `policies.faulty`, `policies.untested`, `policies.tests_failed`, `policies.too_costly`
 */
export const publishPolicy = (deps: Deps, caller: Person, id: string, input: PublishPolicy) =>
  onPolicy(deps, caller, id, async (tx, policy, now) => {
    if (policy.revision !== input.revision) throw outOfDate();
    const draft = documentOf(policy.draft);
    const document = { rules: draft.rules, tests: withRoles(draft) };
    await checkPublishable(deps, tx, policy, document, placeOf(input));
    const version = (policy.latest ?? 0) + 1;
    await insertVersion(tx, {
      policyId: id,
      version,
      document,
      publishedBy: caller.principal.principalId,
      now,
    });
    await setPlace(tx, id, placeOf(input), version, now);
    return { action: 'policy_published', after: { version, place: input.place, ...stateOf(document) } };
  });

/**
 * Puts an earlier version back into force, or into the shadow. It is judged anew: the catalog may have changed since.
 *
 * @throws {Problem} as `publishPolicy`
 */
export const placeVersion = (deps: Deps, caller: Person, id: string, input: PlacePolicyVersion) =>
  onPolicy(deps, caller, id, async (tx, policy, now) => {
    const row = await loadVersion(tx, id, input.version);
    if (!row) throw new Problem('resource.not_found', { detail: 'The policy has no such version.' });
    await checkPublishable(deps, tx, policy, documentOf(row.document), placeOf(input));
    await setPlace(tx, id, placeOf(input), input.version, now);
    return { action: 'policy_placed', after: { version: input.version, place: input.place } };
  });

/**
 * Takes a policy out of force, or out of the shadow. Its versions stay.
 *
 * @throws {Problem} `resource.not_found`
 */
export const withdrawPolicy = (deps: Deps, caller: Person, id: string, input: WithdrawPolicy) =>
  onPolicy(deps, caller, id, async (tx, _policy, now) => {
    await setPlace(tx, id, placeOf(input), null, now);
    return { action: 'policy_withdrawn', after: { place: input.place } };
  });

/**
 * Removes a policy with all its versions.
 *
 * @throws {Problem} `resource.not_found`
 */
export async function deletePolicy(deps: Deps, caller: Person, id: string): Promise<void> {
  await deps.doors.withTenant(caller.entered, async (tx) => {
    await lockPolicies(tx);
    const policy = await getPolicy(tx, id);
    await deletePolicyRow(tx, id);
    if (policy.in_force !== null || policy.shadow !== null) await tellAccessChanged(tx, deps.clock.now());
    await deps.audit.record(tx, {
      action: 'policy_deleted',
      actor: actorOf(caller.principal),
      resource: { type: 'policy', id },
      before: { name: policy.name, ...placesOf(policy), ...stateOf(documentOf(policy.draft)) },
      request: caller.request,
    });
  });
  deps.deciders.forget([{ kind: 'access', tenant_id: caller.entered.tenantId }]);
}

/** One transaction on a policy, after which others decide by it: services hear of it in the same transaction. */
async function onPolicy(deps: Deps, caller: Person, id: string, work: Work): Promise<PolicyWithDraft> {
  const policy = await deps.doors.withTenant(caller.entered, async (tx) => {
    await lockPolicies(tx);
    const before = await getPolicy(tx, id);
    const now = deps.clock.now();
    const { action, after } = await work(tx, before, now);
    await tellAccessChanged(tx, now);
    await deps.audit.record(tx, {
      action,
      actor: actorOf(caller.principal),
      resource: { type: 'policy', id },
      before: { name: before.name, ...placesOf(before) },
      after: { name: before.name, ...after },
      request: caller.request,
    });
    return getPolicy(tx, id);
  });
  // The next question to this very process is decided by it; others learn of it from the log.
  deps.deciders.forget([{ kind: 'access', tenant_id: caller.entered.tenantId }]);
  return policy;
}

const placesOf = ({ in_force: inForce, shadow }: PolicyWithDraft) => ({ inForce, shadow });
const placeOf = ({ place }: { place: string }): Place => (place === 'shadow' ? 'shadow' : 'in_force');
