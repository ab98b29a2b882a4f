import type { PageQuery } from '@gatehouse/contracts';
import type { Cursors } from '../crypto/index.ts';
import { Problem } from './problem.ts';

const DEFAULT_LIMIT = 50;

/** Where a page begins: the sort values of the last item before it. */
export type Position = readonly (string | number | null)[];

/**
 * One page of a keyset-paginated list.
 *
 * `list` binds the cursor: tenant, list, order and filters belong in it, so that a cursor is good for nothing else.
 *
 * @param load fetches up to `limit` rows after `position`; one more than the page is asked for, to know whether it ends.
 * @throws {Problem} `request.cursor_invalid`
 */
export async function page<Row, Item>(options: {
  cursors: Cursors;
  list: readonly (string | undefined)[];
  query: PageQuery;
  load(position: Position | undefined, limit: number): Promise<Row[]>;
  position(row: Row): Position;
  item(row: Row): Item | Promise<Item>;
}): Promise<{ items: Item[]; nextCursor: string | null }> {
  const { cursors, query } = options;
  const list = JSON.stringify(options.list);
  const limit = query.limit ?? DEFAULT_LIMIT;
  const position = query.cursor === undefined ? undefined : cursors.open(list, query.cursor);
  if (query.cursor !== undefined && position === undefined) {
    throw new Problem('request.cursor_invalid', {
      detail: 'Use the nextCursor of the page before, with the same filters and order.',
    });
  }
  const rows = await options.load(position, limit + 1);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items: Item[] = [];
  for (const row of shown) items.push(await options.item(row));
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? cursors.seal(list, options.position(last)) : null,
  };
}
