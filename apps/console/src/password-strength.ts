/** How hard a password is to guess, from the weakest on; its place is zxcvbn's score. */
export const STRENGTHS = ['veryWeak', 'weak', 'fair', 'good', 'strong'] as const;
export type Strength = (typeof STRENGTHS)[number];

/** Long enough that nothing is said between two keys, short enough that nobody waits for it. */
const PAUSE_MS = 250;

/**
 * Tells how strong a password is whenever its typing pauses, and nothing for an empty one. It helps people to choose: what is
 * refused the server says. The words it knows are fetched at the first use, and where that fails nothing is told.
 *
 * @example
 * const watch = watchStrength((strength) => show(strength));
 * watch.typed('Anchor-Walrus-9', ['ada@example.com']);
 * watch.stop();
 */
export function watchStrength(tell: (strength: Strength | undefined) => void): {
  typed(password: string, holder: readonly string[]): void;
  stop(): void;
} {
  let pause: ReturnType<typeof setTimeout> | undefined;
  let latest = '';
  const judge = async (password: string, holder: readonly string[]): Promise<void> => {
    const { scoreOf } = await import('./password-guesses.ts');
    if (password === latest) tell(STRENGTHS[scoreOf(password, holder)]);
  };
  return {
    typed(password, holder) {
      latest = password;
      clearTimeout(pause);
      if (password === '') tell(undefined);
      else pause = setTimeout(() => void judge(password, holder).catch(() => tell(undefined)), PAUSE_MS);
    },
    stop() {
      latest = '';
      clearTimeout(pause);
    },
  };
}
