import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rootDir } from '../../src/cli/folders.ts';

/** Rows that the parts built so far must have a test for. */
const OWED = [
  5, 6, 8, 9, 10, 13, 15, 16, 28, 29, 31, 32, 33, 37, 42, 43, 44, 46, 47, 48, 49, 50, 51, 53, 54, 55, 56, 57,
  61, 67, 68, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
];

/** A table of proofs is worth what its tests are: each one that it names has to be there. */
describe('docs/security/threats.md', () => {
  const page = readFileSync(join(rootDir, 'docs', 'security', 'threats.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\d+) \| .*? \| (.*) \|$/gm)].map(([, row, proofs = '']) => ({
    row: Number(row),
    proofs: proofs.split('; `').flatMap((part) => {
      const path = /^`?([^`]+)`: /.exec(part)?.[1] ?? '';
      return [...part.matchAll(/“([^”]+)”/g)].map(([, title = '']) => ({ path, title }));
    }),
  }));

  it('has every row that is owed, each with a test', () => {
    const named = rows.filter(({ proofs }) => proofs.length > 0).map(({ row }) => row);
    expect(named).toEqual(expect.arrayContaining(OWED));
    expect(new Set(named).size).toBe(named.length);
  });

  it('names tests that exist', () => {
    for (const { row, proofs } of rows) {
      for (const { path, title } of proofs) {
        const file = join(rootDir, path);
        expect(existsSync(file), `${row}: ${path}`).toBe(true);
        expect(readFileSync(file, 'utf8').includes(title), `${row}: ${path}: ${title}`).toBe(true);
      }
    }
  });

  it('names every file whose tests name a row', () => {
    const files = ['apps', 'packages', 'e2e', 'bench', 'scripts'].flatMap((folder) =>
      globSync(`${folder}/**/*.test.{ts,tsx}`, {
        cwd: rootDir,
        exclude: (path) => path.endsWith('node_modules') || path.endsWith('dist'),
      }),
    );
    const tagged = files.flatMap((path) =>
      [...readFileSync(join(rootDir, path), 'utf8').matchAll(/\[threat (\d+)\]/g)].map((tag) => ({
        row: Number(tag[1]),
        path,
      })),
    );
    expect(tagged.length).toBeGreaterThan(100);
    const missing = tagged.filter(
      (tag) =>
        !rows.some(({ row, proofs }) => row === tag.row && proofs.some(({ path }) => path === tag.path)),
    );
    expect(missing).toEqual([]);
  });
});
