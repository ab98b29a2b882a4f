/**
 * How large a tenant's policies may be, so that no tenant's policy can cost the server what it owes to others. The numbers are about
 * the worst case: `steps` counts nodes of a condition that can be visited, where what stands in `all`, `exists`, `exists_one` and
 * `filter` counts for every element that a list may have.
 */
export const LIMITS = Object.freeze({
  /** Characters of a condition. */
  conditionLength: 2000,
  /** Nodes of its syntax tree. */
  conditionNodes: 300,
  /** Parentheses, operators and calls inside each other. */
  conditionDepth: 32,
  /** Elements of a list or map that stands in a condition. */
  literalElements: 100,
  rulesOfPolicy: 500,
  testsOfPolicy: 200,
  actionsOfRule: 50,
  /** Rules of all policies in force in a tenant. */
  rulesOfTenant: 2000,
  /** Of all rules about one action on one type of resource, together: about two milliseconds, some fifty with the worst of attributes. */
  stepsOfAction: 50_000,
  /** Characters of a text among the attributes, of a name there, and of an id. A request with a longer one is refused. */
  textLength: 4096,
  /** Characters of all of a request's attributes together; each value counts for `valueSize` more. */
  requestSize: 64 * 1024,
  valueSize: 64,
  /** Elements of a list among the attributes; a condition that looks into a longer one fails. */
  listElements: 256,
  /** Objects and lists inside each other among the attributes. */
  attributeDepth: 8,
});
