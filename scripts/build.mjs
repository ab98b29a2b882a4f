// Bundles the server (apps/server/dist) and builds the pages (apps/console/dist): `npm run build`.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { continueInBundledNode, root } from './bundled-node.mjs';
import { sourcesStamp, writeBuildStamp } from './build-stamp.mjs';

const server = join(root, 'apps', 'server');
const console_ = join(root, 'apps', 'console');

/** What runs in threads or processes of its own needs a file of its own: hashing passwords, reading pictures and XML, answering requests. */
const entries = [
  'src/main.ts',
  'src/cli/serve/serve-worker.ts',
  'src/platform/crypto/hash-worker.ts',
  'src/platform/images/redraw-worker.ts',
  'src/features/connections/saml/saml-worker.ts',
];

/** What the bundle reads when it runs, from beside itself. */
const readAtRun = [
  'src/platform/known-passwords/popular-passwords.bin',
  'src/platform/known-passwords/LICENSES.txt',
];

const readAtRunStandsBeside = {
  name: 'read-at-run-stands-beside',
  setup({ onEnd, initialOptions: { absWorkingDir, outdir } }) {
    onEnd(async () => {
      for (const path of readAtRun)
        await copyFile(join(absWorkingDir, path), join(absWorkingDir, outdir, basename(path)));
    });
  },
};

/** Packages of this repository are sources and go into the bundle; those from npm stay where npm put them. */
const npmPackagesStayOutside = {
  name: 'npm-packages-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@gatehouse/') ? undefined : { path, external: true },
    );
  },
};

export const serverBundle = {
  absWorkingDir: server,
  entryPoints: Object.fromEntries(
    entries
      .filter((entry) => existsSync(join(server, entry)))
      .map((entry) => [entry.replace(/^.*\//, '').replace(/\.ts$/, ''), entry]),
  ),
  outdir: 'dist',
  bundle: true,
  // What is loaded when it is needed is a file of its own; what two entries share is there once.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: true,
  legalComments: 'none',
  plugins: [npmPackagesStayOutside, readAtRunStandsBeside],
  logLevel: 'warning',
};

async function buildServer() {
  const esbuild = await import('esbuild');
  await rm(join(server, 'dist'), { recursive: true, force: true });
  await mkdir(join(server, 'dist'), { recursive: true });
  await esbuild.build(serverBundle);
}

async function buildConsole() {
  const vite = await import('vite');
  await vite.build({ root: console_, logLevel: 'warn' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  continueInBundledNode();
  const stamp = sourcesStamp();
  await Promise.all([buildServer(), buildConsole()]);
  writeBuildStamp(stamp);
}
