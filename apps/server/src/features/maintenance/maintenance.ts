import { makePartitions } from '../../platform/installation/index.ts';
import type { Deps } from '../deps.ts';
import { forgetEndedRoles, removeExpired, type Removed } from './clean-up.repo.ts';

const HOUR = 3_600_000;

/** What keeps the database in shape while the service runs: each node does it, and it does no harm when two do at once. */
export interface Maintenance {
  run(): Promise<Removed>;
  start(): void;
  stop(): void;
}

export function createMaintenance({ doors, clock, log }: Pick<Deps, 'doors' | 'clock' | 'log'>): Maintenance {
  let timer: NodeJS.Timeout | undefined;
  const run = async () => {
    await doors.asSystem('partitions', (tx) => makePartitions(tx, clock.now()));
    await doors.asSystem('ended roles', (tx) => forgetEndedRoles(tx, clock.now()));
    return doors.asSystem('clean-up', (tx) => removeExpired(tx, clock.now()));
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
