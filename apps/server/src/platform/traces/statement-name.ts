/** What a statement is called in a trace. */
export interface StatementName {
  operation: string;
  /** Table or function. */
  target: string | undefined;
}

const OPERATION = /^\s*(?:with\b[^]*?\)\s*)?(select|insert|update|delete|begin|commit|rollback|call)\b/i;
const TARGET = /\b(?:from|into|update|join)\s+(?:only\s+)?((?:"?[a-z_][a-z0-9_]*"?\.)?"?[a-z_][a-z0-9_]*"?)/i;
const FUNCTION = /\b(?:"?gatehouse"?)\.("?[a-z_][a-z0-9_]*"?)\s*\(/i;

const names = new Map<string, StatementName>();
/** Statements come from code, and are few; a bound all the same. */
const MOST = 2000;

/**
 * The first word and the table or function of a statement.
 *
 * SECURITY: identifiers only, which code has written; a literal, a parameter or the rest of the text never gets into a name.
 */
export function statementNameOf(text: string): StatementName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const operation = OPERATION.exec(text)?.[1]?.toUpperCase() ?? 'OTHER';
  const target = (FUNCTION.exec(text)?.[1] ?? TARGET.exec(text)?.[1])
    ?.replaceAll('"', '')
    .replace(/^gatehouse\./, '');
  const name = { operation, target: operation === 'BEGIN' ? undefined : target };
  if (names.size < MOST) names.set(text, name);
  return name;
}
