import { makePartitions } from '../../platform/installation/index.ts';
import { type Applied, applyRetention, type RetentionDeps } from '../audit/index.ts';
import { BATCH, forgetEndedRoles, removeExpired, type Removed } from './clean-up.repo.ts';

const HOUR = 3_600_000;

const added = (sum: Removed, more: Removed) =>
  Object.fromEntries(
    Object.entries(sum).map(([table, count]) => [table, count + more[table as keyof Removed]]),
  ) as unknown as Removed;

/** What keeps the database in shape while the service runs: each node does it, and it does no harm when two do at once. */
export interface Maintenance {
  run(): Promise<Removed & { retention: Applied }>;
  start(): void;
  stop(): void;
}

export function createMaintenance(deps: RetentionDeps): Maintenance {
  const { doors, clock, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  const run = async () => {
    await doors.asSystem('partitions', (tx) => makePartitions(tx, clock.now()));
    await doors.asSystem('ended roles', (tx) => forgetEndedRoles(tx, clock.now()));
    let sum: Removed | undefined;
    for (;;) {
      const removed = await doors.asSystem('clean-up', (tx) => removeExpired(tx, clock.now()));
      sum = sum === undefined ? removed : added(sum, removed);
      if (!Object.values(removed).includes(BATCH)) break;
    }
    return { ...sum, retention: await applyRetention(deps) };
  };
  const tick = () => {
    run().then(
      (removed) => log.info({ removed }, 'maintenance'),
      (error: unknown) => log.warn({ err: error }, 'maintenance failed; it is tried again in an hour'),
    );
  };
  return {
    run,
    start() {
      timer = setInterval(tick, HOUR);
      timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}
