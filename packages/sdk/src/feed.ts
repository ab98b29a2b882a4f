import type { Revocation, RevocationPage } from '@gatehouse/contracts';
import type { OwnToken } from './credentials.ts';
import { readEvents } from './event-stream.ts';
import { type GatehouseServer, ServerAnswer } from './server.ts';

/** What the feed tells (docs/guides/following-revocations.md). */
export interface FeedListener {
  onRevocation(entry: Revocation): void;
  /**
   * Everything that had ended by `at` (of `now()`) has been told.
   *
   * @param covers - the tenant that it is told about; null for all of them; undefined from a Gatehouse that does not say.
   */
  onTold(at: number, covers: string | null | undefined): void;
  /** What was told cannot be continued: what is held may lack something. */
  onLost(): void;
  /** Why there is no feed at this moment: for a log, once for each attempt. */
  onFault(fault: unknown): void;
}

export interface FeedOptions {
  readonly server: GatehouseServer;
  readonly token: OwnToken;
  /** Milliseconds by a clock that cannot be set. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** A heartbeat comes each second; a stream that is silent for so long is dead, or gathered by a proxy. */
const SILENCE_MS = 3500;
const POLL_MS = 1000;
/** How long pages are read, where a stream was opened and nothing came of it, before a stream is tried again. */
const PAGES_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Follows the revocation log until the signal says stop: as a stream, and page by page where no stream comes through. What breaks off is
 * taken up at its cursor.
 */
export async function followFeed(options: FeedOptions, listener: FeedListener): Promise<void> {
  const { now, signal } = options;
  let cursor: string | undefined;
  let pause = FIRST_PAUSE_MS;
  let pagesUntil = Number.NEGATIVE_INFINITY;
  const told: Told = (at, place, covers) => {
    cursor = place;
    pause = FIRST_PAUSE_MS;
    listener.onTold(at, covers);
  };
  while (!signal.aborted) {
    try {
      if (now() < pagesUntil) await readPages(options, listener, () => cursor, told, pagesUntil);
      else {
        const openedAt = now();
        if (!(await readStream(options, listener, cursor, told))) pagesUntil = now() + PAGES_MS;
        // One that ends as soon as it is opened is not opened as fast as it ends.
        if (now() - openedAt < POLL_MS) await sleep(FIRST_PAUSE_MS, signal);
      }
    } catch (fault) {
      if (signal.aborted) return;
      listener.onFault(fault);
      const status = fault instanceof ServerAnswer ? fault.status : 0;
      if (status === 401) options.token.forget();
      if (status === 410 || (status === 400 && cursor !== undefined)) {
        cursor = undefined;
        listener.onLost();
        continue;
      }
      const wait = (fault instanceof ServerAnswer ? fault.retryAfter : undefined) ?? pause;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      await sleep(wait, signal);
    }
  }
}

type Told = (at: number, cursor: string, covers: string | null | undefined) => void;

/** @returns whether a heartbeat came; false where the stream stands open, and something between us and Gatehouse keeps it. */
async function readStream(
  { server, token, now, signal }: FeedOptions,
  listener: FeedListener,
  cursor: string | undefined,
  told: Told,
): Promise<boolean> {
  const silent = new AbortController();
  let watch = setTimeout(() => silent.abort(), SILENCE_MS);
  let isOpen = false;
  let heard = false;
  try {
    const response = await server.send(`/api/v1/revocations/stream${afterQuery(cursor)}`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${await token.get()}` },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new ServerAnswer(response);
    }
    isOpen = true;
    for await (const { event, data } of readEvents(response.body)) {
      clearTimeout(watch);
      watch = setTimeout(() => silent.abort(), SILENCE_MS);
      if (event === 'revocation') listener.onRevocation(JSON.parse(data) as Revocation);
      else if (event === 'heartbeat') {
        const beat = JSON.parse(data) as { cursor: string; tenantId?: string | null };
        heard = true;
        told(now(), beat.cursor, beat.tenantId);
      } else if (event === 'end') {
        // Our own token or permission has ended: the next one comes with a new token, at once.
        token.forget();
        break;
      }
    }
    return true;
  } catch (fault) {
    if (isOpen && !heard && silent.signal.aborted) return false;
    throw fault;
  } finally {
    clearTimeout(watch);
    silent.abort();
  }
}

async function readPages(
  { server, token, now, signal }: FeedOptions,
  listener: FeedListener,
  cursor: () => string | undefined,
  told: Told,
  until: number,
): Promise<void> {
  while (!signal.aborted && now() < until) {
    const askedAt = now();
    let after = cursor();
    let covers: string | null | undefined;
    for (let more = true; more; ) {
      const page: RevocationPage = await server.getJson<RevocationPage>(
        `/api/v1/revocations${afterQuery(after)}`,
        await token.get(),
      );
      for (const entry of page.items) listener.onRevocation(entry);
      ({ cursor: after, more, tenantId: covers } = page);
    }
    // As of the question, not of the answer: that may have been long under way.
    told(askedAt, after ?? '', covers);
    await sleep(askedAt + POLL_MS - now(), signal);
  }
}

const afterQuery = (cursor: string | undefined): string =>
  cursor === undefined ? '' : `?after=${encodeURIComponent(cursor)}`;

/** Resolves after so many milliseconds, or at once when the signal says stop. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, Math.max(0, ms));
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
