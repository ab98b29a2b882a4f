import type { StepUpNeed } from '@gatehouse/browser';
import { useSyncExternalStore } from 'react';

/** Somebody is asked to prove once more who they are; the request that needs it waits for the answer. */
export interface AskedStepUp extends StepUpNeed {
  answer(isProved: boolean): void;
}

let asked: AskedStepUp | null = null;
const listeners = new Set<() => void>();

function become(next: AskedStepUp | null): void {
  asked = next;
  for (const listener of listeners) listener();
}

/** Opens the dialog (shell/StepUp.tsx); the session asks one at a time. */
export const askStepUp = (need: StepUpNeed): Promise<boolean> =>
  new Promise((resolve) => {
    const own: AskedStepUp = {
      ...need,
      answer: (isProved) => {
        // The proof of one that was left may still come: it must not close the one that is asked by then.
        if (asked === own) become(null);
        resolve(isProved);
      },
    };
    become(own);
  });

// Before any dialog listens: each of them closes at this key, also the one below, with what was typed into it.
addEventListener(
  'keydown',
  (event) => {
    if (asked === null || event.key !== 'Escape' || event.isComposing) return;
    event.stopImmediatePropagation();
    asked.answer(false);
  },
  { capture: true },
);

export const getAskedStepUp = (): AskedStepUp | null => asked;

export const useAskedStepUp = (): AskedStepUp | null =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, getAskedStepUp);
