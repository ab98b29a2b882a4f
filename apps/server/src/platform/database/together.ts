import { AsyncLocalStorage } from 'node:async_hooks';
import { DatabaseUnavailable } from './circuit.ts';

export interface Together<Item, Result> {
  /** What `run` answers for this item. */
  (item: Item): Promise<Result>;
}

/** So many may wait for their turn; whoever comes after them is refused at once. */
const MOST_WAITING = 2000;

/**
 * Does together what comes together: in one turn of the event loop, or while `atOnce` runs are under way. A run takes up to `largest`.
 * An item that comes alone waits for nobody. As group commit does it in a database: under load each item costs less, not more.
 *
 * @param options.run answers one result for each item, in their order. It waits for nothing that one item alone may be held up by
 * @param options.alone when a run failed, so that nobody fails by another's fault, and as patiently as the item needs: no run waits
 * for it. Nobody is asked again of a database that is away
 * @param options.order of the items of one run: whoever locks rows takes them in the same order as everybody else
 * @throws {DatabaseUnavailable} when too many wait
 */
export function doTogether<Item, Result>(options: {
  run(items: readonly Item[]): Promise<Result[]>;
  alone(item: Item): Promise<Result>;
  order(a: Item, b: Item): number;
  atOnce: number;
  largest: number;
}): Together<Item, Result> {
  const { run, alone, order, atOnce, largest } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;

  const runGroup = async (group: Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await group[0]?.within(() => run(group.map(({ item }) => item)));
      for (const [at, { resolve }] of group.entries()) resolve(results?.[at] as Result);
    } catch (error) {
      for (const { item, within, resolve, reject } of group)
        if (error instanceof DatabaseUnavailable) reject(error);
        else within(() => alone(item)).then(resolve, reject);
    }
  };
  const runWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting.slice(0, largest).sort((a, b) => order(a.item, b.item));
      waiting = waiting.slice(largest);
      await runGroup(group);
    }
    underWay -= 1;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= MOST_WAITING)
        return reject(new DatabaseUnavailable('too many wait for the database'));
      waiting.push({ item, resolve, reject, within: AsyncLocalStorage.snapshot() });
      if (underWay >= atOnce) return;
      underWay += 1;
      // When the turn is over: the server reads what many clients have sent in one, and the first of them is not to go alone.
      setImmediate(() => void runWaiting());
    });
}

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(reason: unknown): void;
  /** Where it was asked for: a run is in the trace of the first of its items. */
  within: <T>(run: () => T) => T;
}
