import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { rootDir } from '../../src/cli/folders.ts';
import { writePages } from '../pages.fixture.ts';

interface Kept {
  version: string;
  commit: string;
  files: Record<string, string>;
}

const folder = join(rootDir, 'releases');

/** The newest release that is kept (releases/README.md). */
export function previousRelease(): Kept {
  const versions = readdirSync(folder)
    .filter((name) => name.endsWith('.json.br'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error('no release is kept in releases/');
  return JSON.parse(brotliDecompressSync(readFileSync(join(folder, newest))).toString('utf8')) as Kept;
}

/** Puts its files where its imports find the packages of this checkout. */
export async function unpackRelease({ version, files }: Kept): Promise<{ program: string; remove(): void }> {
  const cache = join(rootDir, 'node_modules', '.cache', 'gatehouse');
  mkdirSync(cache, { recursive: true });
  const place = mkdtempSync(join(cache, `${version}-`));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), content);
  }
  // Its pages are not kept: what they ask of a server is what this test asks of it.
  const pages = join(place, 'apps', 'console');
  await writePages(pages);
  renameSync(join(pages, 'pages'), join(pages, 'dist'));
  return {
    program: join(place, 'apps', 'server', 'dist', 'main.js'),
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}
