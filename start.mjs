// `npm start`: from a fresh clone to a running Gatehouse. Understood by Node 18, with Node's own modules only; everything
// else runs in the Node that the repository brings along.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { ensureBuilt } from './scripts/build-stamp.mjs';
import { chooseNode, root } from './scripts/bundled-node.mjs';
import { ensureInstalled } from './scripts/install.mjs';
import { SERVER_FLAGS } from './scripts/server-flags.mjs';

const given = process.argv.slice(2);

try {
  await ensureInstalled();
  if (given[0] === '--dev') {
    run(join(root, 'scripts', 'dev.mjs'), given.slice(1));
  } else {
    await ensureBuilt();
    const isCommand = given.length > 0 && !given[0].startsWith('-');
    run(join(root, 'apps', 'server', 'dist', 'main.js'), isCommand ? given : ['serve', ...given]);
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

/**
 * Runs it in place of this process as far as that can be done: signals go in, the exit code comes out. The channel between
 * the two tells the service that this process is gone, even when it was killed and could not say so.
 */
function run(script, args) {
  const child = spawn(chooseNode(), [...SERVER_FLAGS, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.cache', 'compiled'),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C reaches every process of the terminal by itself; a second one would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  watchNpm(child);
  child.on('error', (error) => {
    console.error(`Node could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}

/**
 * Who kills npm means the service that it runs, but npm cannot always pass that on: not when it is killed the hard way, and
 * not through a shell between the two that dies of the signal itself.
 */
function watchNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = findNpm();
  const timer = setInterval(() => {
    if (findNpm() === npm) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, 250);
  timer.unref();
}

/** Our parent, or the parent of the shell in between, as far as the system shows it. */
function findNpm() {
  const parent = String(process.ppid);
  try {
    const [, program, rest] = /^\d+ \((.*)\) \S+ (.*)$/.exec(
      readFileSync(`/proc/${parent}/stat`, 'utf8').trim(),
    );
    return /^(sh|dash|bash|ash)$/.test(program) ? rest.split(' ')[0] : parent;
  } catch {
    return parent;
  }
}
