import type { Sealer } from './seal.ts';

/**
 * Cursors of lists: sealed, so that a caller can neither read nor forge one, and bound to their list, tenant and order
 * (threat 73).
 */
export interface Cursors {
  seal(list: string, position: readonly (string | number | null)[]): string;
  /** The position, or undefined for a cursor that was forged, altered or made for another list. */
  open(list: string, cursor: string): (string | number | null)[] | undefined;
}

export const createCursors = (sealer: Sealer): Cursors => ({
  seal: (list, position) => sealer.seal(JSON.stringify(position), `cursor ${list}`),
  open(list, cursor) {
    try {
      const value: unknown = JSON.parse(sealer.open(cursor, `cursor ${list}`).toString('utf8'));
      return Array.isArray(value) ? (value as (string | number | null)[]) : undefined;
    } catch {
      return undefined;
    }
  },
});
