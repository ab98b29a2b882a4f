import { claimOwnership } from './ownership.repo.ts';
import { isServerOf, readPidFile } from './pid-file.ts';
import { choosePlace } from './place.ts';
import type { PostgresLog } from './embedded-postgres.ts';
import { socketUrl } from './settings.ts';

/**
 * The URL of the PostgreSQL that a living Gatehouse runs on this data folder, or undefined where none does: for what an
 * operator does beside it. It is that Gatehouse's to stop.
 */
export async function loadRunningPostgres(dataDir: string, log: PostgresLog): Promise<string | undefined> {
  const place = await choosePlace(dataDir, log);
  const found = await readPidFile(place.database);
  if (found === undefined || !(await isServerOf(place.database, found.pid))) return undefined;
  const claim = await claimOwnership(found.runtimeFolder);
  // Nobody's: whoever asked starts one as usual, which brings this one to an end first.
  if (claim.result === 'owned') await claim.ownership.end();
  return claim.result === 'taken' ? socketUrl(found.runtimeFolder) : undefined;
}
