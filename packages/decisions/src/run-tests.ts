import type { Bundle, PolicyVersion } from './bundle.ts';
import type { PolicyTest } from './check.ts';
import { explain } from './decide.ts';
import { compileModel } from './model.ts';
import type { Reason } from './request.ts';

/** How a test of a policy came out. */
export interface PolicyTestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: 'allow' | 'deny';
  readonly answered: 'allow' | 'deny';
  readonly reasons: readonly Reason[];
}

/**
 * Puts a policy's own questions to it. It is asked alone: with the tenant's roles, catalog and services, and without the tenant's other
 * policies, so that a change to one of those cannot break its tests.
 */
export const runTests = (...given: Parameters<typeof runEachTest>): PolicyTestResult[] => [
  ...runEachTest(...given),
];

/** The same, one after the other as they are asked for: two hundred may take seconds, which a server owes to others too. */
export function* runEachTest(
  policy: PolicyVersion,
  tests: readonly PolicyTest[],
  bundle: Bundle,
): Generator<PolicyTestResult> {
  const model = compileModel({ ...bundle, policies: [policy] });
  for (const { name, request, expect: expected } of tests) {
    const { decision, reasons } = explain(model, request);
    const answered = decision ? 'allow' : 'deny';
    yield { name, passed: answered === expected, expected, answered, reasons };
  }
}
