import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DataFolderError, makeDataFolder, makeFolder } from './data-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'gh-data-folder-'));
const modeOf = (path: string) => statSync(path).mode & 0o777;

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the data folder', () => {
  test('is made with those above it, listable by its owner only, whatever the umask', () => {
    const before = process.umask(0o077);
    const path = join(root, 'above', 'data');
    makeDataFolder(path);
    process.umask(before);
    expect(modeOf(path)).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
    expect(modeOf(join(root, 'above'))).toBe(modeOf(path));
  });

  test('keeps the mode that its owner gave it', () => {
    const path = join(root, 'open');
    mkdirSync(path);
    const before = modeOf(path);
    makeFolder(path, 0o700);
    expect(modeOf(path)).toBe(before);
  });

  test.each([
    ['that is a file', join(root, 'file')],
    ['below a file', join(root, 'file', 'data')],
  ])('%s is refused in a sentence that names the setting', (_, path) => {
    writeFileSync(join(root, 'file'), '');
    expect(() => makeDataFolder(path)).toThrow(DataFolderError);
    expect(() => makeDataFolder(path)).toThrow('GATEHOUSE_DATA_DIR');
  });

  test.runIf(process.platform === 'linux')('where nothing can be made is refused, not tried for ever', () => {
    expect(() => makeDataFolder('/proc/gatehouse/data')).toThrow(DataFolderError);
  });
});
