import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGatehouseDouble } from '@gatehouse/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './bundled-node.mjs';
import { PACKED, packAll } from './pack.mjs';

/** A project with the packages from their tarballs, and everything else from what this repository has installed. */
let folder;
let double;
const running = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-packed-'));
  const tarballs = await packAll(join(folder, 'tarballs'));
  const modules = join(folder, 'node_modules');
  for (const [at, tarball] of tarballs.entries()) {
    const target = join(modules, '@gatehouse', PACKED[at]);
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
  }
  const theirs = join(root, 'node_modules');
  const scoped = (scope) => readdirSync(join(theirs, scope)).map((name) => `${scope}/${name}`);
  const names = readdirSync(theirs).flatMap((name) => (name.startsWith('@') ? scoped(name) : [name]));
  for (const name of names) {
    if (name.startsWith('.') || name.startsWith('@gatehouse/')) continue;
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(theirs, name), join(modules, name));
  }
  for (const name of ['fastify', 'nestjs'])
    cpSync(join(root, 'examples', name), join(folder, name), { recursive: true });
  double = await startGatehouseDouble();
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await double?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the packages', () => {
  it('are modules with types, a README and a licence, and have no sources, tests or secrets in them', () => {
    for (const name of PACKED) {
      const installed = join(folder, 'node_modules', '@gatehouse', name);
      const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
      expect(manifest).toMatchObject({
        name: `@gatehouse/${name}`,
        type: 'module',
        engines: { node: '>=22' },
      });
      expect(manifest).not.toHaveProperty('private');
      const files = readdirSync(installed, { recursive: true });
      expect(files).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'LICENSE']));
      expect(files.filter((file) => /test|\.ts$/.test(file) && !file.endsWith('.d.ts'))).toEqual([]);
      expect(existsSync(join(installed, 'README.md'))).toBe(name !== 'contracts');
    }
    // Web-standard APIs: nothing of Node is imported, so that it loads anywhere.
    const sdk = readFileSync(join(folder, 'node_modules', '@gatehouse', 'sdk', 'index.js'), 'utf8');
    expect([...sdk.matchAll(/from ["']([^"']+)["']/g)].map(([, from]) => from).toSorted()).toEqual(
      expect.arrayContaining(['@gatehouse/contracts', 'jose']),
    );
    expect(sdk).not.toMatch(/from ["']node:/);
  });

  it.each(['fastify', 'nestjs'])('serve the example of %s, compiled against their types', async (name) => {
    const example = join(folder, name);
    execFileSync(process.execPath, [join(root, 'node_modules', '.bin', 'tsc'), '-p', example], {
      stdio: 'inherit',
    });
    const url = await start(example);
    const get = (path, token, method = 'GET') =>
      fetch(`${url}${path}`, { method, headers: token ? { authorization: `Bearer ${token}` } : {} });
    const manager = double.token({ roles: ['FINANCE_MANAGER'] });
    const stale = double.token({ roles: ['FINANCE_MANAGER'], auth_time: 1_700_000_000 });
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/me')).status).toBe(401);
    expect(await (await get('/me', manager)).json()).toMatchObject({
      id: 'user-1',
      roles: ['FINANCE_MANAGER'],
    });
    expect(await (await get('/invoices', manager)).json()).toEqual([
      { id: 'i-1', tenantId: 'tenant-1', total: 1200 },
    ]);
    expect((await get('/invoices', double.token({ roles: ['NOC_OPERATOR'] }))).status).toBe(403);
    expect([200, 201]).toContain((await get('/invoices/i-1/void', manager, 'POST')).status);
    expect((await get('/invoices/i-2/void', manager, 'POST')).status).toBe(404);
    const answer = await get('/invoices/i-1/void', stale, 'POST');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('max_age="600"');
  });
});

/** Starts a built example as a process of its own; resolves to where it listens. */
async function start(example) {
  const port = await freePort();
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: example,
    env: { ...process.env, PORT: String(port), GATEHOUSE_ISSUER: double.issuer, GATEHOUSE_TOKEN: 'own' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the example ended with ${code}`)));
  });
  return `http://127.0.0.1:${port}`;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
