import { setImmediate as turn } from 'node:timers/promises';
import type { PolicyCheck } from '@gatehouse/contracts';
import {
  type Bundle,
  checkPolicy,
  LIMITS,
  type PolicySource,
  type PolicyTestResult,
  runEachTest,
  shadowOf,
  stepsOf,
} from '@gatehouse/decisions';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { documentOf, listPlaced, type Place } from './policies.repo.ts';
import { loadBundle } from './load-bundle.ts';

/** What a policy's tests say nothing about: a document need not be anybody's yet. */
const UNPUBLISHED = { id: '', version: 0 };

/** Faults against the entered tenant's catalog; where there are none, how its tests come out. */
export async function checkDocument(
  deps: Pick<Deps, 'tenantRules'>,
  tx: TenantTx,
  name: string,
  document: PolicySource,
): Promise<PolicyCheck> {
  const bundle = await loadBundle(deps, tx);
  const faults = checkPolicy(document, bundle.catalog);
  if (faults.length > 0) return { faults, results: [] };
  const policy = { ...UNPUBLISHED, name, rules: document.rules };
  const results: PolicyTestResult[] = [];
  for (const result of runEachTest(policy, withRoles(document), bundle)) {
    results.push(result);
    await turn();
  }
  return { faults, results: results as unknown as PolicyCheck['results'] };
}

/**
 * What keeps a document from going into force or into the shadow.
 *
 * @throws {Problem} `policies.faulty`, `policies.untested`, `policies.tests_failed`, `policies.too_costly`
 */
export async function checkPublishable(
  deps: Pick<Deps, 'tenantRules'>,
  tx: TenantTx,
  policy: { id: string; name: string },
  document: PolicySource,
  place: Place,
): Promise<void> {
  const { faults, results } = await checkDocument(deps, tx, policy.name, document);
  if (faults.length > 0)
    throw new Problem('policies.faulty', {
      detail: faults[0]?.message ?? '',
      errors: faults.slice(0, 50).map(({ path, line, column, message }) => ({
        path,
        message: `line ${line}, column ${column}: ${message}`,
      })),
    });
  if (results.length === 0)
    throw new Problem('policies.untested', {
      detail: 'Write at least one test that says what it permits or denies.',
    });
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length > 0)
    throw new Problem('policies.tests_failed', {
      detail: `${failed.length} of ${results.length} tests were answered otherwise than expected.`,
      errors: failed.slice(0, 50).map(({ name, expected, answered }) => ({
        path: `/tests/${results.findIndex((result) => result.name === name)}`,
        message: `${name}: expected ${expected}, answered ${answered}`,
      })),
    });
  await checkCost(tx, policy.id, document, place, await loadBundle(deps, tx));
}

/**
 * All policies that are judged together: many that are cheap can make one that is not. The shadow is judged beside what is in force at
 * each decision, with all that is in force but what it replaces, so that each has the bound for itself.
 */
async function checkCost(
  tx: TenantTx,
  id: string,
  document: PolicySource,
  place: Place,
  bundle: Bundle,
): Promise<void> {
  const placed = async (there: Place) => {
    const others = (await listPlaced(tx, there)).filter((other) => there !== place || other.id !== id);
    const versions = others.map((other) => ({ ...other, rules: documentOf(other.document).rules }));
    return there === place
      ? [...versions, { ...UNPUBLISHED, id, name: '', rules: document.rules }]
      : versions;
  };
  const inForce = { ...bundle, policies: await placed('in_force'), shadow: await placed('shadow') };
  if (place === 'in_force') checkSum(inForce, 'be in force');
  if (inForce.shadow.length > 0) checkSum(shadowOf(inForce), 'stand in the shadow');
}

function checkSum({ policies, catalog }: Bundle, stand: string): void {
  const rules = policies.flatMap((policy) => policy.rules);
  const dear = [...stepsOf(rules, catalog)].find(([, steps]) => steps > LIMITS.stepsOfAction);
  if (rules.length <= LIMITS.rulesOfTenant && dear === undefined) return;
  throw new Problem('policies.too_costly', {
    detail:
      dear === undefined
        ? `With it, ${rules.length} rules would ${stand}; ${LIMITS.rulesOfTenant} are allowed.`
        : `With it, the rules about ${dear[0]} that would ${stand} can take ${dear[1]} steps; ${LIMITS.stepsOfAction} are allowed.`,
  });
}

/** A test may leave roles away. */
export const withRoles = ({ tests }: PolicySource): PolicySource['tests'] =>
  tests.map((test) => ({
    ...test,
    request: {
      ...test.request,
      subject: { ...test.request.subject, roles: test.request.subject.roles ?? [] },
    },
  }));
