// A subject is a server under measurement together with the load driver that is aimed at it.
import { join } from 'node:path';
import { accountFor, accountForMachine, startProcess } from './processes.mjs';

const BENCH = join(import.meta.dirname, '..');

/** Starts a Node program on the server's core and waits until `readyPath` answers below 500. */
export async function startServer({ name, args, env, address, readyPath, cwd = BENCH }, { serverCore }) {
  const server = startProcess(process.execPath, args, {
    core: serverCore,
    cwd,
    env: { NODE_ENV: 'production', PORT: String(address.port), ...env },
  });
  server.keepOutput();
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (server.child.exitCode !== null || Date.now() > deadline) {
      await server.stop();
      throw new Error(`${name} did not start:\n${server.tail()}`);
    }
    const status = await fetch(`http://${address.host}:${address.port}${readyPath}`)
      .then((response) => response.status)
      .catch(() => 0);
    if (status > 0 && status < 500) return server;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Starts the driver for a running server; `run` carries out one job of driver/main.mjs and adds what it cost.
 */
export async function aim(name, server, drive, machine) {
  const driver = startProcess(process.execPath, [join(BENCH, 'driver/main.mjs'), JSON.stringify(drive)], {
    core: machine.driverCore,
    ipc: true,
  });
  driver.keepOutput();
  await nextMessage(driver);

  return {
    name,
    pid: server.child.pid,
    tail: server.tail,
    async run(job, options = {}) {
      const before = account(server, driver, machine);
      driver.child.send({ job, ...options });
      const { result, error } = await nextMessage(driver);
      if (error) throw new Error(`${name}, ${job}: ${error}\n${server.tail()}`);
      return { ...result, ...costBetween(before, account(server, driver, machine), result.answers) };
    },
    async stop() {
      driver.child.disconnect();
      await driver.exited;
      await server.stop();
    },
  };
}

function nextMessage(driver) {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error(`the load driver ended: ${driver.tail()}`));
    driver.child.once('exit', gone);
    driver.child.once('message', (message) => {
      driver.child.off('exit', gone);
      resolve(message);
    });
  });
}

function account(server, driver, { postgresPid }) {
  const machine = accountForMachine();
  const [own, load, database] = [server.child.pid, driver.child.pid, postgresPid].map(accountFor);
  return machine && own && { at: performance.now(), machine, own, load, database };
}

/** CPU seconds of the one process that spent most. */
function busiest(before, after) {
  return Math.max(...[...after.each].map(([pid, seconds]) => seconds - (before.each.get(pid) ?? 0)));
}

function costBetween(before, after, answers) {
  if (!before || !after) return {};
  const seconds = (after.at - before.at) / 1000;
  const spent = (part) => after[part].cpuSeconds - before[part].cpuSeconds;
  const ours = spent('own') + spent('load') + spent('database');
  const others = spent('machine') - ours + (after.machine.stolen - before.machine.stolen);
  return {
    busiestCpuMicros: answers ? (busiest(before.own, after.own) / answers) * 1e6 : null,
    serverCpuMicros: answers ? (spent('own') / answers) * 1e6 : null,
    databaseCpuMicros: answers ? (spent('database') / answers) * 1e6 : null,
    serverCoreShare: spent('own') / seconds,
    driverCoreShare: spent('load') / seconds,
    databaseCoreShare: spent('database') / seconds,
    otherCoreShare: (spent('load') + spent('database')) / seconds,
    // What everything else on the machine took meanwhile, in cores: the noise of this round.
    noiseCores: Math.max(0, others / seconds),
  };
}
