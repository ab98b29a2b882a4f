import type { CreatePolicy, UpdatePolicy } from '@gatehouse/contracts';
import type { PolicySource } from '@gatehouse/decisions';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import {
  countPolicies,
  documentOf,
  insertPolicy,
  lockPolicies,
  type PolicyWithDraft,
  updateDraft,
} from './policies.repo.ts';
import { stateOf } from './document-state.ts';
import { getPolicy } from './get-policy.ts';

const MOST_POLICIES = 100;

/**
 * Drafts a policy in the entered tenant. A draft decides nothing and may have faults.
 *
 * @throws {Problem} `policies.name_in_use`, `policies.too_many`
 */
export function draftPolicy(deps: Deps, caller: Caller, input: CreatePolicy): Promise<PolicyWithDraft> {
  const draft = sourceOf(input);
  return deps.doors.withTenant(caller.entered, async (tx) => {
    await lockPolicies(tx);
    if ((await countPolicies(tx)) >= MOST_POLICIES)
      throw new Problem('policies.too_many', {
        detail: `There are ${MOST_POLICIES}: delete one, or write into one.`,
      });
    const policy = { id: newId(), name: input.name, description: input.description ?? '', draft };
    if (!(await insertPolicy(tx, { ...policy, now: deps.clock.now() })))
      throw new Problem('policies.name_in_use', {
        detail: 'Reasons and logs name policies: choose another name.',
      });
    await deps.audit.record(tx, {
      action: 'policy_created',
      actor: actorOf(caller.principal),
      resource: { type: 'policy', id: policy.id },
      after: { name: policy.name, description: policy.description, ...stateOf(draft) },
      request: caller.request,
    });
    return getPolicy(tx, policy.id);
  });
}

/**
 * Changes a draft; what is in force stays as it is. What is the same already is no change and leaves no record.
 *
 * @throws {Problem} `resource.not_found`, `policies.changed`
 */
export function changeDraft(
  deps: Deps,
  caller: Caller,
  id: string,
  input: UpdatePolicy,
): Promise<PolicyWithDraft> {
  return deps.doors.withTenant(caller.entered, async (tx) => {
    const before = await getPolicy(tx, id);
    const was = { description: before.description, ...sourceOf(documentOf(before.draft)) };
    const is = {
      description: input.description ?? was.description,
      ...sourceOf({ rules: input.rules ?? was.rules, tests: input.tests ?? was.tests }),
    };
    const { description, ...draft } = is;
    if (before.revision !== input.revision) throw outOfDate();
    if (JSON.stringify(is) === JSON.stringify(was)) return before;
    const change = { description, draft, now: deps.clock.now() };
    if (!(await updateDraft(tx, id, input.revision, change))) throw outOfDate();
    await deps.audit.record(tx, {
      action: 'policy_updated',
      actor: actorOf(caller.principal),
      resource: { type: 'policy', id },
      before: { description: was.description, ...stateOf(sourceOf(was)) },
      after: { description, ...stateOf(draft) },
      request: caller.request,
    });
    return getPolicy(tx, id);
  });
}

/** Rules and tests, and nothing else of a body that a schema has let pass. */
export const sourceOf = ({ rules, tests }: { rules: unknown; tests: unknown }): PolicySource =>
  ({ rules, tests }) as PolicySource;

export const outOfDate = () =>
  new Problem('policies.changed', { detail: 'Read it again, and see what somebody else has changed.' });
