import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../apps/console/dist', import.meta.url));

/** Every script that a page loads to start: those in its markup, and what they import. */
async function scriptsOf(page: string): Promise<Map<string, Buffer>> {
  const html = await readFile(join(dist, page), 'utf8');
  const scripts = new Map<string, Buffer>();
  const wanted = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => path ?? '');
  for (const path of wanted) {
    if (scripts.has(path)) continue;
    const script = await readFile(join(dist, path));
    scripts.set(path, script);
    const imports = script.toString().matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g);
    wanted.push(...[...imports].map(([, name]) => `/assets/${name}`));
  }
  return scripts;
}

describe('the built pages', () => {
  it('load at most 70 kB of script, gzipped, to sign in', async () => {
    const scripts = await scriptsOf('signin.html');
    const size = [...scripts.values()].reduce(
      (sum, script) => sum + gzipSync(script, { level: 9 }).length,
      0,
    );
    console.log(`sign-in: ${size} bytes of script, gzipped, in ${scripts.size} files`);
    expect(scripts.size).toBeGreaterThan(0);
    expect(size).toBeLessThanOrEqual(70_000);
  });

  it.each(['signin.html', 'index.html'])(
    'have no script, style or handler in the markup of %s',
    async (page) => {
      const html = await readFile(join(dist, page), 'utf8');
      expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
      expect(html).toContain('content="__CSP_NONCE__"');
    },
  );

  it('evaluate no strings as code and load nothing from elsewhere', async () => {
    const assets = await readdir(join(dist, 'assets'));
    const find = async (suffix: string, pattern: RegExp): Promise<string[]> => {
      const found: string[] = [];
      for (const name of assets.filter((asset) => asset.endsWith(suffix)))
        if (pattern.test(await readFile(join(dist, 'assets', name), 'utf8'))) found.push(name);
      return found;
    };
    expect(await find('.js', /\beval\s*\(|\bnew Function\b/)).toEqual([]);
    expect(await find('.css', /url\(["']?[a-z]*:?\/\/|@import/i)).toEqual([]);
  });
});
