import { Problem } from '../../platform/http/index.ts';
import { DatabaseUnavailable } from '../../platform/database/index.ts';
import { concerns, describeRevocation } from '../../platform/revocations/describe.ts';
import type { Beat } from '../../platform/revocations/follower.ts';
import { isRevocation, type RevocationRow } from '../../platform/revocations/revocations.repo.ts';
import type { Deps } from '../deps.ts';
import { type FollowedScope, readRevocations, sealCursor, tenantOf } from './revocation-page.ts';

const HEARTBEAT_MS = 1000;
/** A follower that does not read falls behind by so much at most; it comes back with its cursor. */
const MOST_WAITING = 10_000;

/**
 * The log as server-sent events (WHATWG HTML §9.2): `revocation` for each entry, at once, and each second a `heartbeat` with the
 * time of the last look and the cursor up to which everything has been told. No look, no heartbeat: a follower that hears none
 * knows how old its knowledge is.
 *
 * What is told comes from the one look that this process takes for all its followers; only the way up to it is read page by page.
 *
 * SECURITY: the caller is judged anew at each heartbeat: the stream ends with the session, the permission or the access token.
 */
export async function* revocationEvents(
  deps: Deps,
  options: {
    scope: FollowedScope;
    after: string | undefined;
    judgeAgain(): Promise<void>;
    signal: AbortSignal;
  },
): AsyncGenerator<string, void> {
  const { scope, signal } = options;
  const heard = listen(deps, scope, signal);
  try {
    // From here on nothing is missed: what commits after these pages were read is heard.
    for (let after = options.after, more = true; more && !signal.aborted; ) {
      const page = await readRevocations(deps, scope, { ...(after !== undefined && { after }), limit: 1000 });
      yield page.items.map((item) => eventOf('revocation', item)).join('') +
        (page.more ? '' : heartbeat(scope, page.cursor, page.time));
      ({ cursor: after, more } = page);
    }
    for (let told = 0; !signal.aborted; ) {
      const beat = await heard.next();
      if (beat === undefined) return;
      yield heard
        .take()
        .map((row) => eventOf('revocation', describeRevocation(row)))
        .join('');
      if (performance.now() - told < HEARTBEAT_MS) continue;
      told = performance.now();
      const end = await judge(options.judgeAgain);
      if (end !== undefined) {
        yield eventOf('end', { code: end });
        return;
      }
      const cursor = sealCursor(deps, scope, { place: beat.place, restart: beat.place.xid, midway: false });
      yield heartbeat(scope, cursor, beat.readAt.toISOString());
    }
  } finally {
    heard.stop();
  }
}

function listen(deps: Pick<Deps, 'revocations'>, scope: FollowedScope, signal: AbortSignal) {
  let waiting: RevocationRow[] = [];
  let latest: Beat | undefined;
  let overrun = false;
  let wake: () => void = () => undefined;
  const stop = deps.revocations.onBeat((beat) => {
    for (const row of beat.fresh)
      if (isRevocation(row) && (scope === 'all' || concerns(row, scope))) waiting.push(row);
    overrun ||= waiting.length > MOST_WAITING;
    latest = beat;
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    stop,
    /** The newest look that was not taken up yet; undefined when there is nothing more to hear. */
    async next(): Promise<Beat | undefined> {
      if (latest === undefined && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      const beat = latest;
      latest = undefined;
      return overrun ? undefined : beat;
    },
    take(): RevocationRow[] {
      const rows = waiting;
      waiting = [];
      return rows;
    },
  };
}

/** Why the stream ends now; undefined when the caller may go on, or when nobody can say. */
async function judge(judgeAgain: () => Promise<void>): Promise<string | undefined> {
  try {
    await judgeAgain();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    if (error instanceof DatabaseUnavailable) return undefined;
    throw error;
  }
}

const heartbeat = (scope: FollowedScope, cursor: string, time: string) =>
  eventOf('heartbeat', { cursor, time, tenantId: tenantOf(scope) }, cursor);

const eventOf = (event: string, data: object, id?: string) =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
