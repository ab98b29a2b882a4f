import { describe, expect, it } from 'vitest';

// They import from the service by path, and nobody runs them each day.
describe('the programs of bench/', () => {
  it('find what they import', async () => {
    const { runScenarios } = await import('../bench/scenarios/index.mjs');
    const seeding = await import('../bench/seed/seed.mjs');
    expect(runScenarios).toBeTypeOf('function');
    expect(Object.keys(seeding)).not.toEqual([]);
  });
});
