import { describe, expect, it, vi } from 'vitest';
import { type Strength, watchStrength } from './password-strength.ts';

/** What is told of a password, once it is. */
async function strengthOf(password: string, holder: string[] = []) {
  const told: (Strength | undefined)[] = [];
  const watch = watchStrength((strength) => told.push(strength));
  watch.typed(password, holder);
  await vi.waitFor(() => expect(told).toHaveLength(1), 10_000);
  watch.stop();
  return told[0];
}

describe('the strength of a new password', () => {
  it.each([
    ['Password1', 'veryWeak'],
    ['Qwertyuiop1', 'weak'],
    ['P4ssw0rd', 'veryWeak'],
    ['vT9#kQ2z', 'fair'],
    ['Anchor-Walrus-Teapot-9', 'strong'],
  ])('%s is %s', async (password, strength) => {
    expect(await strengthOf(password)).toBe(strength);
  });

  it('is less where the password is what its owner is called', async () => {
    expect(await strengthOf('Lovelacetheanalyst1')).toBe('strong');
    expect(await strengthOf('Lovelacetheanalyst1', ['Lovelace the analyst', 'lovelacetheanalyst'])).toBe(
      'weak',
    );
  });

  it('is told of what was typed last, when the typing pauses', async () => {
    const told: (Strength | undefined)[] = [];
    const watch = watchStrength((strength) => told.push(strength));
    for (const typed of ['P', 'Pa', 'Password1', 'Anchor-Walrus-Teapot-9']) watch.typed(typed, []);
    await vi.waitFor(() => expect(told).toEqual(['strong']), 10_000);
    watch.typed('', []);
    expect(told).toEqual(['strong', undefined]);
    watch.stop();
  });
});
