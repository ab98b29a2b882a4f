// Packages for services as they would be published: `node scripts/pack.mjs [FOLDER]` writes a tarball of each to FOLDER (default
// dist/packages). ES modules with types, everything that the package's own sources say; other packages stay dependencies.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { continueInBundledNode, root } from './bundled-node.mjs';

/** Those that services install, each after those that it stands on. */
export const PACKED = ['contracts', 'decisions', 'sdk', 'fastify', 'express', 'nestjs'];

/** @returns {Promise<string[]>} paths of the tarballs, in the order of PACKED. */
export async function packAll(folder) {
  const work = mkdtempSync(join(tmpdir(), 'gatehouse-pack-'));
  try {
    mkdirSync(folder, { recursive: true });
    writeDeclarations(join(work, 'types'));
    const tarballs = [];
    for (const name of PACKED) {
      const target = join(work, name);
      await writePackage(name, target, join(work, 'types', name, 'src'));
      tarballs.push(pack(target, folder));
    }
    return tarballs;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Declarations of all at once, since each needs those of others. */
function writeDeclarations(outDir) {
  const tsconfig = join(root, 'packages', `tsconfig.pack-${process.pid}.json`);
  const settings = {
    extends: '../tsconfig.base.json',
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: '.',
      outDir,
      types: ['node'],
    },
    files: PACKED.map((name) => `./${name}/src/index.ts`),
  };
  writeFileSync(tsconfig, JSON.stringify(settings));
  try {
    run(process.execPath, [join(root, 'node_modules', '.bin', 'tsc'), '-p', tsconfig], root);
  } finally {
    rmSync(tsconfig);
  }
}

async function writePackage(name, target, types) {
  const source = join(root, 'packages', name);
  const {
    private: _private,
    devDependencies: _dev,
    exports: _exports,
    ...manifest
  } = readJson(join(source, 'package.json'));
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(source, 'src', 'index.ts')],
    outfile: join(target, 'index.js'),
    bundle: true,
    packages: 'external',
    platform: 'neutral',
    format: 'esm',
    target: 'es2023',
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const path of globSync('**/*.d.ts', { cwd: types })) {
    const to = join(target, path);
    mkdirSync(dirname(to), { recursive: true });
    // Sources name each other as they are; what reads declarations alone looks for modules.
    const text = readFileSync(join(types, path), 'utf8').replace(
      /(["']\.{1,2}\/[^"']*)\.ts(["'])/g,
      '$1.js$2',
    );
    writeFileSync(to, text);
  }
  writeFileSync(
    join(target, 'package.json'),
    `${JSON.stringify(
      {
        ...manifest,
        exports: { '.': { types: './index.d.ts', default: './index.js' } },
        engines: { node: '>=22' },
      },
      undefined,
      2,
    )}\n`,
  );
  cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
  if (existsSync(join(source, 'README.md'))) cpSync(join(source, 'README.md'), join(target, 'README.md'));
}

function pack(target, folder) {
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], target),
  );
  return join(folder, filename);
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  continueInBundledNode();
  const folder = resolve(process.argv[2] ?? join(root, 'dist', 'packages'));
  for (const path of await packAll(folder)) console.log(path);
}
