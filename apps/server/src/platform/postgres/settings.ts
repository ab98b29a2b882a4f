import type { Place } from './place.ts';
import { peerName } from './operating-system-user.ts';

export const superuser = 'gatehouse_root';
/** Part of the socket's file name only: nothing listens on a network. */
export const port = 5432;
export const majorVersion = '18';

/**
 * Everything that matters is given on the command line at each start, so that a data folder of an older Gatehouse gets
 * today's settings and nobody has to merge a file.
 */
export function serverSettings(place: Place, runtimeFolder: string): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: runtimeFolder,
    unix_socket_permissions: '0700',
    hba_file: hbaFile(place),
    ident_file: identFile(place),

    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',

    // An identity service is many short transactions on a small working set; the machine's memory belongs to others.
    shared_buffers: '64MB',
    max_connections: '100',
    io_method: 'sync',
    jit: 'off',
    max_worker_processes: '4',
    max_parallel_workers_per_gather: '0',
    max_logical_replication_workers: '0',
    max_wal_senders: '0',
    autovacuum_worker_slots: '4',
    max_wal_size: '256MB',

    timezone: 'UTC',
    log_timezone: 'UTC',
    // SECURITY: statements and details carry addresses and hashes; the client gets its errors, the log does not repeat them.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_lock_waits: 'off',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * SECURITY: the socket's folder is private, and should that ever fail, the kernel still tells the server who connects:
 * only the account that Gatehouse itself runs as is let in, as whatever database role it asks for.
 */
export function accessRules(place: Place): { path: string; content: string }[] {
  const name = peerName(place.runAs).replaceAll('"', '""');
  return [
    { path: hbaFile(place), content: 'local all all peer map=gatehouse\n' },
    { path: identFile(place), content: `gatehouse "${name}" all\n` },
  ];
}

export function initdbArguments(database: string): string[] {
  return [
    `--pgdata=${database}`,
    `--username=${superuser}`,
    '--encoding=UTF8',
    // The same sort order on every system, whatever its C library: an index stays valid when the folder moves.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
    '--auth-local=peer',
    '--auth-host=reject',
    '--no-instructions',
  ];
}

export function socketUrl(runtimeFolder: string): string {
  return `postgres://${superuser}@/postgres?host=${encodeURIComponent(runtimeFolder)}&port=${port}`;
}

function hbaFile(place: Place): string {
  return `${place.home}/pg_hba.conf`;
}

function identFile(place: Place): string {
  return `${place.home}/pg_ident.conf`;
}
