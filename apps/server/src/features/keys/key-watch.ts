import { followMasterKey } from '../../platform/installation/index.ts';
import type { Deps } from '../deps.ts';

const LOOK_MS = 1000;
const TEND_MS = 60_000;

/** Follows what other processes and the command line do to keys, and tends them when their time has come. */
export interface KeyWatch {
  start(): void;
  stop(): Promise<void>;
}

export function createKeyWatch({
  keys,
  doors,
  sealer,
  log,
}: Pick<Deps, 'keys' | 'doors' | 'sealer' | 'log'>): KeyWatch {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let failing = false;
  let tendedAt = performance.now();
  const look = async () => {
    try {
      await followMasterKey(doors, sealer);
      if (performance.now() - tendedAt < TEND_MS) await keys.refresh();
      else {
        tendedAt = performance.now();
        await keys.tend();
      }
      failing = false;
    } catch (error) {
      // Once, and not every second for as long as the database is away.
      if (!failing) log.warn({ err: error }, 'keys cannot be read; this process goes on with those it has');
      failing = true;
    }
    if (!stopped) timer = setTimeout(tick, LOOK_MS).unref();
  };
  const tick = () => void (running = look());
  return {
    start: tick,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
