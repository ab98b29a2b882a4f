import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The server's own process with settings that it must not start with (test/standing/boot.test.ts has them all). */
describe('gatehouse serve', () => {
  let dataDir: string;
  beforeAll(async () => void (dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-boot-'))));
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  async function serve(settings: Record<string, string>) {
    const child = spawn(process.execPath, [program, 'serve'], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, GATEHOUSE_DATA_DIR: dataDir, ...settings },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    return { status, output };
  }

  it('ends with status 1 and the names of every missing secret in production, and makes nothing [threat 74]', async () => {
    const { status, output } = await serve({ NODE_ENV: 'production' });
    expect(status).toBe(1);
    for (const name of ['GATEHOUSE_MASTER_KEY', 'SMTP_URL', 'GATEHOUSE_PUBLIC_URL'])
      expect(output).toContain(name);
    expect(output).not.toMatch(/\bat .*\(/);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('ends with status 1 on secrets from an example, and shows none of them [threat 73] [threat 74]', async () => {
    const secrets = {
      GATEHOUSE_MASTER_KEY: Buffer.from('0123456789abcdef0123456789abcdef').toString('base64'),
      SECRET_KEY: 'your-256-bit-secret-your-256-bit-secret',
      GATEHOUSE_ADMIN_PASSWORD: 'Changeme-1',
      DATABASE_URL: 'postgres://gatehouse:postgres@db.corp.internal/x',
    };
    const { status, output } = await serve({
      GATEHOUSE_MODE: 'production',
      GATEHOUSE_PUBLIC_URL: 'https://id.corp.internal',
      SMTP_URL: 'smtp://mail.corp.internal',
      TOKEN_ALGORITHM: 'hs256',
      GATEHOUSE_ADMIN_EMAIL: 'ada@corp.internal',
      ...secrets,
    });
    expect(status).toBe(1);
    for (const [name, value] of Object.entries(secrets)) {
      expect(output).toContain(name);
      expect(output).not.toContain(value);
    }
    expect(output).not.toContain('postgres:postgres');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('ends with status 1 on a setting that does not exist', async () => {
    const { status, output } = await serve({ GATEHOUSE_SKIP_AUTH: '1' });
    expect(status).toBe(1);
    expect(output).toContain('GATEHOUSE_SKIP_AUTH is not a setting');
    expect(await readdir(dataDir)).toEqual([]);
  });
});
