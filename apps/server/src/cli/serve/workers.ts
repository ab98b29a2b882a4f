import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Config } from '../../config/index.ts';
import { randomSecret } from '../../platform/crypto/digest.ts';
import { CliError } from '../cli-error.ts';
import { serveWorkerUrl } from '../folders.ts';
import type { Snapshot } from '../../platform/metrics/index.ts';
import type { Prepared } from './service.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** A worker that has not ended by then, after it was told to, is killed: longer than its requests may take. */
const ENDS_WITHIN_MS = 20_000;
/** A worker that is busier than that is left out of this look at the metrics. */
const ANSWERS_WITHIN_MS = 3000;
/** One that lived for so long had started well; what ends sooner is waited for longer and longer. */
const STEADY_MS = 60_000;
const LONGEST_WAIT_MS = 30_000;

/** 0.1 s, 0.2 s, 0.4 s … up to half a minute. */
export const backOffMs = (failures: number): number => Math.min(LONGEST_WAIT_MS, 100 * 2 ** (failures - 1));

interface Running {
  readonly number: number;
  readonly pid: number | undefined;
  /** Rejects when it cannot start, by its own sentence where it has one. */
  readonly prepared: Promise<void>;
  open(): Promise<string[]>;
  /** Its metrics, as it says them now; undefined from one that does not answer. */
  measure(): Promise<Snapshot | undefined>;
  /** As it said them last. */
  lastMeasured(): Snapshot;
  /** Exit code or signal. */
  readonly ended: Promise<number | string>;
  close(): Promise<void>;
}

/**
 * Worker processes that share one port: this process takes the connections and hands them round, so that none is refused while a
 * worker that died is replaced. Nothing is listened on before every one of them could answer.
 */
export async function prepareWorkers(options: {
  config: Config;
  log: Logger;
  databaseUrl: string;
  /** Ends a start that is under way. */
  signal: AbortSignal;
}): Promise<Prepared> {
  const { config, log, databaseUrl, signal } = options;
  const closing = new AbortController();
  const mailboxKey = randomSecret(32).toString('base64url');
  const running = new Map<number, Running>();
  /** What workers that ended had counted, as they were last asked. */
  let departed: Snapshot = [];
  cluster.setupPrimary({ exec: fileURLToPath(serveWorkerUrl), args: [], serialization: 'advanced' });

  const launch = (number: number): Running => {
    const worker = startWorker(number, { kind: 'prepare', worker: number, config, databaseUrl, mailboxKey });
    running.set(number, worker);
    return worker;
  };
  const close = async () => {
    closing.abort();
    await Promise.all([...running.values()].map((worker) => worker.close()));
  };
  /** Puts another in the place of one that ends, for as long as the service runs. */
  const keep = async (first: Running) => {
    const { number } = first;
    let worker = first;
    let failures = 0;
    for (let bornAt = performance.now(); ; ) {
      const how = await worker.ended;
      if (closing.signal.aborted) return;
      running.delete(number);
      if (config.metricsPort !== undefined) {
        const { remains } = await import('../../platform/metrics/sum.ts');
        departed = await remains([departed, worker.lastMeasured()]);
      }
      failures = performance.now() - bornAt > STEADY_MS ? 1 : failures + 1;
      log.error(
        { worker: number, pid: worker.pid, how },
        'a worker process has ended; another takes its place',
      );
      await delay(backOffMs(failures), undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      bornAt = performance.now();
      worker = launch(number);
      await worker.prepared.then(worker.open).then(
        () => log.info({ worker: number, pid: worker.pid }, 'a worker process took the place'),
        (err: unknown) => log.error({ worker: number, err }, 'a worker process cannot start'),
      );
    }
  };

  signal.addEventListener('abort', () => void close(), { once: true });
  try {
    // The first one makes what a first start makes; the others find it.
    await launch(1).prepared;
    const others = Array.from({ length: config.workers - 1 }, (_, i) => launch(i + 2));
    await Promise.all(others.map((worker) => worker.prepared));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async open() {
      const [lines = []] = await Promise.all([...running.values()].map((worker) => worker.open()));
      for (const worker of running.values()) void keep(worker);
      return lines;
    },
    async measure() {
      const all = await Promise.all([...running.values()].map((worker) => worker.measure()));
      return [...all.filter((values) => values !== undefined), departed];
    },
    close,
  };
}

function startWorker(number: number, prepare: ToWorker): Running {
  const worker: Worker = cluster.fork();
  endWhatWasOnItsWay(worker);
  const { promise: ended, resolve: end } = Promise.withResolvers<number | string>();
  const answers = {
    prepared: Promise.withResolvers<string[]>(),
    opened: Promise.withResolvers<string[]>(),
  };
  // Told to whoever waits for it; a fault that nobody waits for is told by the exit.
  for (const { promise } of Object.values(answers)) promise.catch(() => undefined);
  let last: Snapshot = [];
  let questions = 0;
  const asked = new Map<number, (values: Snapshot | undefined) => void>();
  const measured = (question: number, values: Snapshot) => {
    last = values;
    asked.get(question)?.(values);
  };
  const fail = (error: Error) => {
    for (const { reject } of Object.values(answers)) reject(error);
  };
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'prepared') answers.prepared.resolve([]);
    else if (message.kind === 'opened') answers.opened.resolve(message.lines);
    else if (message.kind === 'measured') measured(message.question, message.values);
    else fail(new CliError(message.sentence));
  });
  worker.once('exit', (code, signal) => {
    for (const answer of asked.values()) answer(undefined);
    fail(new CliError(`A worker process ended while it started (${signal ?? `exit code ${code}`}).`));
    end(signal ?? code);
  });
  // A process that could not even be made, or a channel that broke: its exit is told as well.
  worker.on('error', fail);
  worker.send(prepare);
  return {
    number,
    pid: worker.process.pid,
    prepared: answers.prepared.promise.then(() => undefined),
    open() {
      tell(worker, { kind: 'open' });
      return answers.opened.promise;
    },
    lastMeasured: () => last,
    async measure() {
      const question = (questions += 1);
      const { promise, resolve } = Promise.withResolvers<Snapshot | undefined>();
      asked.set(question, resolve);
      const late = setTimeout(() => resolve(undefined), ANSWERS_WITHIN_MS);
      tell(worker, { kind: 'measure', question });
      const values = await promise;
      clearTimeout(late);
      asked.delete(question);
      return values;
    },
    ended,
    async close() {
      tell(worker, { kind: 'close' });
      const late = setTimeout(() => worker.process.kill('SIGKILL'), ENDS_WITHIN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/**
 * A connection that was on its way to a worker when that was killed is known to nobody else: it is closed, so that its client
 * tries again instead of waiting for ever. Node itself keeps it open (the handle is closed when the worker says that it has it).
 */
function endWhatWasOnItsWay({ process: child }: Worker): void {
  const onTheWay = new Set<{ readonly fd?: number; close?(): void }>();
  const send = child.send.bind(child) as (...of: unknown[]) => boolean;
  child.send = (message: unknown, handle?: unknown, ...more: unknown[]) => {
    // Closed here: it has arrived.
    for (const each of onTheWay) if ((each.fd ?? -1) < 0) onTheWay.delete(each);
    if (typeof handle === 'object' && handle !== null) onTheWay.add(handle);
    return send(message, handle, ...more);
  };
  child.once('exit', () => {
    for (const handle of onTheWay) handle.close?.();
    onTheWay.clear();
  });
}

/** One that is dying takes no message; that it ended is told by itself. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
