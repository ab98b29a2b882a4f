/** A condition: parsed, looked through for what it may not do, typed, and evaluated. */
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import type { Variables } from './variables.ts';

/** What a condition said of one request: whether it holds, or `undefined` where it could not be judged. */
export type Condition = (scope: object) => boolean | undefined;

/** Whatever applies. */
export const ALWAYS: Condition = () => true;

/** A condition that could not even be read: it never holds, and is never known not to. */
export const FAILS: Condition = () => undefined;

/**
 * Reads a condition that was checked when it was written. It is read again here, since a service that gets a bundle trusts the
 * signature, not that every server of every release has checked as this one does.
 */
export function condition(source: string, variables: Variables): Condition {
  let parsed: ParseResult;
  try {
    parsed = variables.environment.parse(source);
    if (!parsed.check().valid) return FAILS;
  } catch {
    return FAILS;
  }
  return (scope) => {
    try {
      const held: unknown = parsed(scope);
      return typeof held === 'boolean' ? held : undefined;
    } catch {
      // A missing attribute, a wrong type, an overflow. Which, a dry run says.
      return undefined;
    }
  };
}

/** All nodes directly below one, whatever its kind. Macros keep their arguments as they were written. */
export function below(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}
