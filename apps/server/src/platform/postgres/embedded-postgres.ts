import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareBinaries } from './binaries.ts';
import { EmbeddedPostgresError } from './embedded-postgres.errors.ts';
import { initialise, removeUnfinished } from './initialise.ts';
import { claimOwnership, type Ownership } from './ownership.repo.ts';
import { isServerOf, readPidFile } from './pid-file.ts';
import { choosePlace } from './place.ts';
import { type StartRequest, startPostmaster, stopPostmaster } from './postmaster.ts';
import { makeRuntimeFolder, removeRuntimeFolder } from './runtime-folder.ts';
import { socketUrl } from './settings.ts';

export interface PostgresLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface EmbeddedPostgresOptions {
  /** Gatehouse's data folder; it is made if it is missing. */
  readonly dataDir: string;
  readonly log: PostgresLog;
  /** Ends a start that is under way, in order. */
  readonly signal?: AbortSignal;
}

export interface EmbeddedPostgres {
  /** Superuser, over the private socket. */
  readonly url: string;
  /** Resolves, never rejects, when the server broke down and could not be started again. */
  readonly lost: Promise<EmbeddedPostgresError>;
  stop(): Promise<void>;
}

/** A Gatehouse that is just ending (its terminal was closed, it was told to stop) gets this long to let go. */
const predecessorEndsWithin = 3_000;
/** A server that ends takes its socket away before it is gone itself; one whose socket stays away lets nobody in. */
const socketComesBackWithin = 5_000;

interface Running {
  readonly server: ChildProcess;
  readonly ownership: Ownership;
}

/**
 * Starts the PostgreSQL that Gatehouse brings along, on its data folder, and keeps it running until `stop`.
 *
 * @throws EmbeddedPostgresError with one sentence that says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, signal } = options;
  const place = await choosePlace(options.dataDir, log);
  const binaries = await prepareBinaries(place.runAs, place.copies);
  await initialise(place, binaries, log, signal);
  const runtimeFolder = await makeRuntimeFolder(place.runAs);
  const request: StartRequest = { place, binaries, runtimeFolder, log, signal };
  try {
    const running = await bringUp(request);
    await removeUnfinished(place);
    return keepRunning({ ...request, signal: undefined }, running);
  } catch (error) {
    await removeRuntimeFolder(runtimeFolder, place.runAs);
    throw error;
  }
}

/** From whatever state the folder is in to a server that is ours alone. */
async function bringUp(request: StartRequest, ours?: ChildProcess): Promise<Running> {
  const { place, runtimeFolder } = request;
  for (;;) {
    request.signal?.throwIfAborted();
    const found = await readPidFile(place.database);
    if (found && (await isServerOf(place.database, found.pid))) {
      if (ours !== undefined && found.pid === ours.pid) {
        const ownership = await own(request, found.pid);
        if (ownership !== undefined) return { server: ours, ownership };
        continue;
      }
      await endPredecessor(request, found.pid);
    }
    if (found && found.runtimeFolder !== runtimeFolder)
      await removeRuntimeFolder(found.runtimeFolder, place.runAs);
    const server = await startPostmaster(request);
    if (server === undefined) continue;
    try {
      const ownership = await own(request, server.pid);
      if (ownership !== undefined) return { server, ownership };
    } catch (error) {
      await stopPostmaster(place, server);
      throw error;
    }
  }
}

/**
 * A server that outlived its Gatehouse is stopped in order, not taken over: the sessions and locks of the dead process
 * go with it, and settings and programs are those of this version. One whose Gatehouse lives is left alone.
 */
async function endPredecessor({ place, log, signal }: StartRequest, pid: number): Promise<void> {
  let toldToWait = false;
  for (const giveUp = Date.now() + predecessorEndsWithin; await isServerOf(place.database, pid); ) {
    // Read anew: while it starts, neither is its folder noted from the first moment on nor its socket there.
    const claim = await claimOwnership((await readPidFile(place.database))?.runtimeFolder ?? '');
    if (claim.result === 'owned' || (claim.result === 'unreachable' && Date.now() > giveUp)) {
      log.info(
        'PostgreSQL outlived an earlier Gatehouse that was killed; stopping it and starting it afresh',
      );
      await stopPostmaster(place, pid);
      if (claim.result === 'owned') await claim.ownership.end().catch(() => undefined);
      return;
    }
    if (claim.result === 'taken') {
      if (Date.now() > giveUp) throw inUse(place.home, claim.by);
      if (!toldToWait)
        log.info(
          `Gatehouse (process ${claim.by}) uses this data folder; waiting a moment in case it is ending`,
        );
      toldToWait = true;
    }
    await delay(claim.result === 'taken' ? 100 : 20, undefined, { signal });
  }
}

/** Undefined when the server has ended meanwhile: somebody may have stopped it in order, and it lets nobody in while it ends. */
async function own(
  { place, runtimeFolder, signal }: StartRequest,
  pid: number | undefined,
): Promise<Ownership | undefined> {
  for (const giveUp = Date.now() + socketComesBackWithin; ; ) {
    signal?.throwIfAborted();
    const claim = await claimOwnership(runtimeFolder);
    const letIn = claim.result === 'owned' || claim.result === 'taken';
    if (!letIn && (pid === undefined || !(await isServerOf(place.database, pid)))) return undefined;
    switch (claim.result) {
      case 'owned':
        return claim.ownership;
      case 'taken':
        throw inUse(place.home, claim.by);
      case 'unreachable':
        if (Date.now() < giveUp) {
          await delay(20);
          break;
        }
        throw new EmbeddedPostgresError(
          'connection_failed',
          `PostgreSQL runs but does not let Gatehouse in over ${runtimeFolder}: ${describe(claim.cause)} (its log: ${place.home}/postgres.log)`,
          { cause: claim.cause },
        );
      case 'not-yet':
        await delay(20);
    }
  }
}

function keepRunning(request: StartRequest, first: Running): EmbeddedPostgres {
  const { place, runtimeFolder, log } = request;
  let running = first;
  let stopping = false;
  let restart: Promise<void> = Promise.resolve();
  const { promise: lost, resolve: giveUp } = Promise.withResolvers<EmbeddedPostgresError>();

  const watch = () => {
    running.ownership.once('end', () => {
      if (!stopping) restart = startAgain();
    });
  };
  const startAgain = async () => {
    log.warn('PostgreSQL broke off; bringing it back');
    try {
      running = await bringUp(request, running.server);
      watch();
      log.info('PostgreSQL is back');
    } catch (error) {
      const fault =
        error instanceof EmbeddedPostgresError
          ? error
          : new EmbeddedPostgresError(
              'start_failed',
              `PostgreSQL could not be brought back: ${describe(error)}`,
            );
      log.error(fault.message);
      giveUp(fault);
    }
  };
  watch();

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopping = true;
    await restart;
    await running.ownership.end().catch(() => undefined);
    await stopPostmaster(place, running.server);
    await removeRuntimeFolder(runtimeFolder, place.runAs);
  };
  return { url: socketUrl(runtimeFolder), lost, stop: () => (stopped ??= stop()) };
}

function inUse(home: string, process: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'folder_in_use',
    `Another Gatehouse (process ${process}) uses the data folder of ${home}: stop it first, or name another folder in GATEHOUSE_DATA_DIR.`,
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
