/** @jsxImportSource preact */
import { useEffect, useState } from 'preact/hooks';
import { inWords, t } from './text.ts';

const secondsUntil = (moment: number): number => Math.max(0, Math.ceil((moment - Date.now()) / 1000));

/** Whole seconds until a moment, counted down. */
export function useSecondsUntil(until: number): number {
  const [seconds, setSeconds] = useState(() => secondsUntil(until));
  useEffect(() => {
    setSeconds(secondsUntil(until));
    const timer = setInterval(() => setSeconds(secondsUntil(until)), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}

/**
 * A wait that is counted on the screen. A screen reader hears it once at the start and once at the end, not each
 * second: the counting part is a timer, which is not announced by itself.
 */
export function Wait({ until, onOver }: { until: number; onOver: () => void }) {
  const seconds = useSecondsUntil(until);
  const [told] = useState(() => inWords(seconds));
  useEffect(() => {
    if (seconds === 0) onOver();
  }, [seconds, onOver]);
  return (
    <div class="wait">
      <p role="timer" aria-hidden="true">
        {t('problem.retryIn', { wait: inWords(seconds) })}
      </p>
      <p class="unseen" role="status">
        {seconds > 0 ? t('problem.retryIn', { wait: told }) : t('problem.retryNow')}
      </p>
    </div>
  );
}
