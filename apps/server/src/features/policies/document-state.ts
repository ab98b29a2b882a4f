import type { PolicySource } from '@gatehouse/decisions';
import { sha256 } from '../../platform/crypto/index.ts';

/**
 * A document as an audit record has it: how much it is, and a hash of it as it is stored. The text itself stands in the version, which
 * never changes; a record of a megabyte would be sealed, exported and verified for as long as the tenant keeps records.
 */
export const stateOf = (document: PolicySource) => ({
  rules: document.rules.length,
  tests: document.tests.length,
  sha256: sha256(JSON.stringify(document)).toString('hex'),
});
