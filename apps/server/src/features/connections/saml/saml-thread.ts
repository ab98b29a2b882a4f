import { Piscina } from 'piscina';
import { Problem } from '../../../platform/http/index.ts';
import { SamlFault } from './saml-fault.ts';
import type { SamlAnswer, SamlAnswers, SamlTask } from './saml-worker.ts';

/** A place among the tasks that wait, for as long as it is not given back. */
export interface Place {
  release(): void;
}

/** The one place where XML is read and written: a thread of its own, so that no document holds up anybody else (ADR 0070). */
export interface SamlThread {
  /** @throws {SamlFault} or {Problem} `service.unavailable` while too many wait. */
  run<Kind extends SamlTask['kind']>(
    task: SamlTask & { kind: Kind },
    place?: Place,
  ): Promise<SamlAnswers[Kind]>;
  /** Takes a place among those that wait. @throws {Problem} `service.unavailable` while too many do */
  admit(): Place;
  close(): Promise<void>;
}

/** Beside its source under the tests, beside the bundle in a build. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './saml-worker.ts' : './saml-worker.js',
  import.meta.url,
);
/** The largest document that is taken needs well under a second; what needs so long is an attack, and ends with its thread. */
const TIMEOUT_MS = 3000;
const MOST_WAITING = 50;

/** The thread starts with the first task and ends a minute after the last. */
export function createSamlThread(): SamlThread {
  const pool = new Piscina<SamlTask, SamlAnswer>({
    filename: workerUrl.href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
    // SECURITY: a stranger's document meets no secret of the process, and an end to its memory and its time.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32 },
  });
  // One task at a time is the thread's, so that its time counts from its own beginning.
  let before: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const inTurn = (task: SamlTask): Promise<SamlAnswer> => {
    const turn = before.then(() => pool.run(task, { signal: AbortSignal.timeout(TIMEOUT_MS) }));
    before = turn.catch(() => undefined);
    return turn;
  };
  const unavailable = () =>
    new Problem('service.unavailable', { detail: 'Try again in a moment.', retryAfter: 2 });
  const admit = (): Place => {
    if (waiting >= MOST_WAITING) throw unavailable();
    waiting += 1;
    let isHeld = true;
    return {
      release() {
        if (isHeld) waiting -= 1;
        isHeld = false;
      },
    };
  };
  return {
    admit,
    async run<Kind extends SamlTask['kind']>(task: SamlTask & { kind: Kind }, place?: Place) {
      const held = place ?? admit();
      let answer: SamlAnswer;
      try {
        answer = await inTurn(task);
      } catch (error) {
        // What we write ourselves is no fault of anybody's document.
        if (task.kind === 'request' || task.kind === 'service-metadata') throw unavailable();
        throw new SamlFault(
          'xml',
          `it could not be read: ${error instanceof Error ? error.name : 'unknown'}`,
        );
      } finally {
        held.release();
      }
      if ('fault' in answer) throw new SamlFault(answer.fault.reason, answer.fault.message);
      return answer.answer as SamlAnswers[Kind];
    },
    close: () => pool.destroy(),
  };
}
