import { availableParallelism, cpus } from 'node:os';
import { isPinningPossible } from './processes.mjs';

/**
 * Server on one core, load and database on another. Without two cores or without taskset nothing is pinned,
 * and it says so.
 */
export function describeMachine() {
  const pinned = isPinningPossible() && availableParallelism() >= 2;
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.version,
    pinned,
    ...(pinned ? { serverCore: 0, driverCore: 1 } : {}),
  };
}

export function machineLine(machine, postgresVersion) {
  const where = machine.pinned
    ? 'server on core 0, load and database on core 1'
    : 'NOT PINNED: figures mix server and load';
  return [
    `${machine.cores} cores (${machine.cpu})`,
    `Node ${machine.node}`,
    `PostgreSQL ${postgresVersion}`,
    where,
    new Date().toISOString().slice(0, 10),
  ].join(' · ');
}
