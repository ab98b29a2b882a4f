import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DatabaseUnavailable } from './circuit.ts';
import { doTogether } from './together.ts';

/** A run that ends when it is told to. */
function held(fault?: (items: readonly number[]) => Error | undefined) {
  const runs: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const aloneAsked: number[] = [];
  const ask = doTogether<number, string>({
    atOnce: 2,
    largest: 3,
    order: (a, b) => a - b,
    async run(items) {
      runs.push(items);
      const problem = fault?.(items);
      await new Promise<void>((end) => ends.push(end));
      if (problem) throw problem;
      return items.map((item) => `of ${item}`);
    },
    async alone(item) {
      aloneAsked.push(item);
      const problem = fault?.([item]);
      if (problem) throw problem;
      return `alone ${item}`;
    },
  });
  const endAll = async () => {
    for (let end = ends.shift(); end; end = ends.shift()) {
      end();
      await turn();
    }
  };
  return { ask, runs, aloneAsked, endAll };
}

describe('what is done together', () => {
  it('is what comes in one turn of the event loop, and what waits while so many are under way', async () => {
    const { ask, runs, endAll } = held();
    const answers = [9, 8, 7, 6].map(ask);
    await turn();
    expect(runs).toEqual([[7, 8, 9], [6]]);
    answers.push(...[5, 4].map(ask));
    await turn();
    expect(runs).toHaveLength(2);
    await endAll();
    expect(runs.slice(2)).toEqual([[4, 5]]);
    expect(await Promise.all(answers)).toEqual(['of 9', 'of 8', 'of 7', 'of 6', 'of 5', 'of 4']);
    const later = ask(3);
    await turn();
    expect(runs.at(-1)).toEqual([3]);
    await endAll();
    expect(await later).toBe('of 3');
  });

  it("fails nobody by another's fault", async () => {
    const { ask, runs, aloneAsked, endAll } = held((items) =>
      items.includes(6) ? new Error('of six') : undefined,
    );
    const answers = Promise.allSettled([9, 8, 7, 6, 5].map(ask));
    await turn();
    await endAll();
    expect([runs, aloneAsked]).toEqual([
      [
        [7, 8, 9],
        [5, 6],
      ],
      [5, 6],
    ]);
    const said = (await answers).map((each) =>
      each.status === 'fulfilled' ? each.value : String(each.reason),
    );
    expect(said).toEqual(['of 9', 'of 8', 'of 7', 'Error: of six', 'alone 5']);
  });

  it('asks nobody again of a database that is away', async () => {
    const { ask, aloneAsked, endAll } = held((items) =>
      items.length > 1 ? new DatabaseUnavailable('away') : undefined,
    );
    const answers = Promise.allSettled([9, 8, 7, 6].map(ask));
    await turn();
    await endAll();
    expect((await answers).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(aloneAsked).toEqual([]);
  });

  it('refuses whoever comes after two thousand that wait', async () => {
    const { ask, endAll } = held();
    const answers = Array.from({ length: 2000 }, (_, at) => ask(at));
    await expect(ask(2000)).rejects.toThrow('too many wait for the database');
    await turn();
    await endAll();
    expect(new Set(await Promise.all(answers)).size).toBe(2000);
  });

  it('belongs to the trace of the first of those it is done for', async () => {
    const place = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const ask = doTogether<string, undefined>({
      atOnce: 1,
      largest: 2,
      order: () => 0,
      async run(items) {
        seen.push(place.getStore());
        await turn();
        return items.map(() => undefined);
      },
      alone: async () => undefined,
    });
    await Promise.all(['first', 'second', 'third'].map((name) => place.run(name, () => ask(name))));
    expect(seen).toEqual(['first', 'third']);
  });
});
