import type { Locator } from 'playwright-core';

/** Has the focus by now, or gets it: pages, forms and dialogs move it a frame after they have come. */
export const untilFocused = (target: Locator): Promise<void> =>
  target.and(target.page().locator(':focus')).waitFor();

/** Takes the focus for good, once nothing moves it any more. */
export const takeFocus = (target: Locator): Promise<void> =>
  target.evaluate(async (element: HTMLElement) => {
    const frame = () =>
      new Promise<unknown>((next) => {
        requestAnimationFrame(next);
        // A tab that is not painted has no frames.
        setTimeout(next, 200);
      });
    for (let tries = 0; tries < 50; tries += 1) {
      element.focus();
      await frame();
      await frame();
      if (document.activeElement === element || !element.isConnected) return;
    }
  });

/** Presses a key there, as whoever has no mouse: one that comes before the focus has settled would be for something else. */
export async function pressOn(target: Locator, key = 'Enter'): Promise<void> {
  await takeFocus(target);
  await target.press(key);
}
