import { afterEach, describe, expect, it, vi } from 'vitest';

const need = { acrValues: '1', maxAge: 600 };

async function load() {
  const keys = new EventTarget();
  vi.stubGlobal('addEventListener', keys.addEventListener.bind(keys));
  vi.resetModules();
  const { askStepUp, getAskedStepUp } = await import('./step-up.ts');
  const escape = () => keys.dispatchEvent(Object.assign(new Event('keydown'), { key: 'Escape' }));
  return { askStepUp, getAskedStepUp, escape };
}
afterEach(() => vi.unstubAllGlobals());

describe('the question for a recent proof', () => {
  it('stays open, and is answered, when the proof for one that was left comes after all', async () => {
    const { askStepUp, getAskedStepUp, escape } = await load();
    const left = askStepUp(need);
    const leftQuestion = getAskedStepUp();
    escape();
    expect(await left).toBe(false);
    expect(getAskedStepUp()).toBeNull();

    const next = askStepUp(need);
    const nextQuestion = getAskedStepUp();
    leftQuestion?.answer(true);
    expect(nextQuestion).not.toBeNull();
    expect(getAskedStepUp()).toBe(nextQuestion);
    nextQuestion?.answer(true);
    expect(await next).toBe(true);
    expect(getAskedStepUp()).toBeNull();
  });
});
