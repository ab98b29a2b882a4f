// Processes of the bench: started on a given core, accounted for by /proc, ended by their own handle.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const canPin = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;

export function isPinningPossible() {
  return canPin;
}

/** Keeps the bench itself, which drains the servers' output, off the measured core. */
export function pinSelf(core) {
  pinProcess(process.pid, core);
}

/** Moves a process that runs, and whatever it starts from now on, to these cores. */
export function pinProcess(pid, cores) {
  if (canPin && cores !== undefined) spawnSync('taskset', ['-acp', String(cores), String(pid)]);
}

/**
 * Spawns `command` on one core (where the system can do that) and keeps its standard error for a failure's
 * message.
 */
export function startProcess(command, args, { core, env, ipc = false, ...options }) {
  const pinned = canPin && core !== undefined;
  const child = spawn(pinned ? 'taskset' : command, pinned ? ['-c', String(core), command, ...args] : args, {
    stdio: ['pipe', 'pipe', 'pipe', ...(ipc ? ['ipc'] : [])],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
    ...options,
  });
  let tail = '';
  const keep = (chunk) => {
    tail = (tail + chunk).slice(-4000);
  };
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(`${error.message}\n`));
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  return {
    child,
    exited,
    keepOutput: () => child.stdout.on('data', keep),
    tail: () => tail.trim(),
    async stop(signal = 'SIGTERM', patienceMs = 10_000) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * The process with all its descendants: CPU seconds used so far, and resident memory. Null where there is no
 * /proc.
 */
export function accountFor(rootPid) {
  const processes = readProcesses();
  if (!processes) return null;
  const tree = [];
  const queue = [rootPid];
  while (queue.length > 0) {
    const pid = queue.shift();
    if (processes.has(pid)) tree.push(pid);
    for (const [child, { parent }] of processes) if (parent === pid) queue.push(child);
  }
  return {
    processes: tree.length,
    // Time of children already reaped is included, so that a backend which ended between two looks is not
    // lost.
    /** Seconds by process id. */
    each: new Map(tree.map((pid) => [pid, processes.get(pid).ticks / TICKS_PER_SECOND])),
    cpuSeconds: tree.reduce((sum, pid) => sum + processes.get(pid).ticks, 0) / TICKS_PER_SECOND,
    residentMiB: tree.reduce((sum, pid) => sum + readResidentKiB(pid), 0) / 1024,
  };
}

/** CPU seconds that all processes of the machine have used so far, and those its hypervisor withheld. */
export function accountForMachine() {
  try {
    const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
      .split('\n')[0]
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return {
      cpuSeconds: (user + nice + system + irq + softirq) / TICKS_PER_SECOND,
      stolen: steal / TICKS_PER_SECOND,
    };
  } catch {
    return null;
  }
}

function readProcesses() {
  try {
    const processes = new Map();
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const fields = readStat(name);
      if (fields) {
        const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
        processes.set(Number(name), { parent: Number(fields[1]), ticks });
      }
    }
    return processes;
  } catch {
    return null;
  }
}

function readStat(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function readResidentKiB(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
