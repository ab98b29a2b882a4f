import { ConfigError } from '../config/index.ts';
import { Told } from '../platform/told.ts';

/** What stands on the terminal for whatever ended the program. */
export function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    return error.faults.length === 1
      ? (error.faults[0] ?? '')
      : `${error.faults.length} settings are wrong:\n${error.faults.map((fault) => `  - ${fault}`).join('\n')}`;
  }
  if (error instanceof Told) return error.message;
  if (error instanceof Error && error.name === 'AbortError') return 'stopped before it was ready.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
