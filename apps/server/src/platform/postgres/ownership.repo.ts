import pg from 'pg';
import { socketUrl } from './settings.ts';

/** "gatehouse" in a number: this lock in this database means "a living Gatehouse uses this data folder". */
const ownershipLock = 7_310_582_417;
const ownerName = 'gatehouse owner, process ';

/** Held for as long as the session lives; the server lets go of it the moment that Gatehouse is killed. */
export type Ownership = pg.Client;

export type Claim =
  | { readonly result: 'owned'; readonly ownership: Ownership }
  | { readonly result: 'taken'; readonly by: string }
  /** It is starting, stopping or recovering and will soon know. */
  | { readonly result: 'not-yet' }
  | { readonly result: 'unreachable'; readonly cause: unknown };

export async function claimOwnership(runtimeFolder: string): Promise<Claim> {
  // Without a folder it would ask whichever PostgreSQL listens on this machine.
  if (runtimeFolder === '')
    return { result: 'unreachable', cause: new Error('its socket folder is not noted') };
  const client = new pg.Client({
    connectionString: socketUrl(runtimeFolder),
    application_name: `${ownerName}${process.pid}`,
    keepAlive: true,
  });
  // Without a listener a broken connection would end the process; who holds the claim listens as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ owned: boolean; owner: string | null }>(
      `SELECT pg_try_advisory_lock($1) AS owned,
              (SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
               WHERE l.locktype = 'advisory' AND l.granted
                 AND (l.classid::bigint << 32 | l.objid::bigint) = $1 LIMIT 1) AS owner`,
      [ownershipLock],
    );
    if (rows[0]?.owned === true) return { result: 'owned', ownership: client };
    await client.end();
    return { result: 'taken', by: rows[0]?.owner?.replace(ownerName, '') ?? 'unknown' };
  } catch (cause) {
    await client.end().catch(() => undefined);
    return isPassing(cause) ? { result: 'not-yet' } : { result: 'unreachable', cause };
  }
}

/** `cannot_connect_now`, `admin_shutdown`, `crash_shutdown`, or a connection that was cut while it was being made. */
function isPassing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === '57P03' || code === '57P01' || code === '57P02' || code === 'ECONNRESET' || code === 'EPIPE')
    return true;
  return error instanceof Error && error.message === 'Connection terminated unexpectedly';
}
