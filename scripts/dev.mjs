// `npm run dev`: builds the server and the pages again whenever a source changes, and restarts the server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import esbuild from 'esbuild';
import { serverBundle } from './build.mjs';
import { removeBuildStamp } from './build-stamp.mjs';
import { chooseNode, root } from './bundled-node.mjs';
import { SERVER_FLAGS } from './server-flags.mjs';

const args = process.argv.slice(2);
let server;
let stopping = false;

/** One restart at a time: PostgreSQL stops and starts with the server, and a half-stopped one holds the data folder. */
let turn = Promise.resolve();

removeBuildStamp();
const context = await esbuild.context({
  ...serverBundle,
  plugins: [
    ...serverBundle.plugins,
    {
      name: 'restart-the-server',
      setup({ onEnd }) {
        onEnd(({ errors }) => {
          if (errors.length === 0) turn = turn.then(restart);
          else console.error('The server keeps running as it was until this is mended.');
        });
      },
    },
  ],
});
const pages = spawn(
  process.execPath,
  [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--watch', '--logLevel', 'warn'],
  { cwd: join(root, 'apps', 'console'), stdio: ['ignore', 'inherit', 'inherit'] },
);
await context.watch({ delay: 100 });

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
process.once('disconnect', () => void stop());

async function restart() {
  if (stopping) return;
  if (server !== undefined) {
    console.log('Changed: restarting');
    await end(server);
  }
  server = spawn(
    chooseNode(),
    [...SERVER_FLAGS, '--enable-source-maps', join(root, 'apps/server/dist/main.js'), 'serve', ...args],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  server.once('exit', (code) => {
    if (!stopping && code !== null && code !== 0)
      console.error('The server ended; it starts again with the next change.');
  });
}

async function stop() {
  if (stopping) return;
  stopping = true;
  pages.kill();
  await turn;
  if (server !== undefined) await end(server);
  await context.dispose();
  process.exit(0);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
