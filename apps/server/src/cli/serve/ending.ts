import type { Logger } from 'pino';

/** How this process ends: once, in order, whatever asks for it and however often. */
export interface Ending {
  /** Aborted as soon as the end has begun. */
  readonly signal: AbortSignal;
  end(why: string, exitCode?: number): void;
}

/**
 * One stop is enough: a terminal or a service manager signals every process of the group, npm and `npm start` pass the signal on
 * again, and a stop that takes the second one for impatience would leave the database running. For the same reason no clock ends
 * it: what can hang has a limit of its own.
 *
 * With a channel to a parent (`npm start`, or the first process of several) it also ends in order when the parent is gone, even
 * when that was killed.
 */
export function createEnding(options: {
  log: Pick<Logger, 'info' | 'error'>;
  /** What of SIGTERM, SIGINT and SIGHUP ends it; the others are not obeyed. */
  obeys: readonly NodeJS.Signals[];
  /** The parent's name, for the log. */
  parent: string;
  letGo(): Promise<void>;
}): Ending {
  const { log, obeys, letGo } = options;
  const ending = new AbortController();
  let exitCode = 0;

  const end = (why: string, code = 0) => {
    exitCode = Math.max(exitCode, code);
    if (ending.signal.aborted) return;
    log.info(`stopping (${why})`);
    ending.abort();
    void letGo()
      .then(() => log.info('stopped'), onFault)
      .finally(() => process.exit(exitCode));
  };
  const onFault = (err: unknown) => {
    log.error({ err }, 'a fault that nobody caught');
    end('a fault', 1);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (obeys.includes(signal)) end(signal);
    });
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  if (process.channel !== undefined && process.channel !== null) {
    process.channel.unref();
    process.once('disconnect', () => end(`${options.parent} is gone`));
  }
  return { signal: ending.signal, end };
}
