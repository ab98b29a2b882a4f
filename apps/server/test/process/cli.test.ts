import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-cli-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function gatehouse(args: string[], settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, GATEHOUSE_DATA_DIR: dataDir, LOG_LEVEL: 'error', ...settings },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout, stderr };
}

describe('gatehouse', () => {
  it('without arguments or with --help says what there is, with examples', async () => {
    for (const args of [[], ['--help'], ['help']]) {
      const { status, stdout } = await gatehouse(args);
      expect(status).toBe(0);
      for (const word of ['serve', 'migrate', 'admin', 'doctor', 'Examples:', '_FILE'])
        expect(stdout).toContain(word);
    }
    for (const command of ['serve', 'migrate', 'doctor', 'admin']) {
      const { status, stdout } = await gatehouse([command, '--help']);
      expect(status).toBe(0);
      expect(stdout).toContain('Usage: gatehouse');
    }
  });

  it('refuses what it does not know, with exit status 2 and a way on', async () => {
    for (const args of [['sevre'], ['serve', '--port'], ['admin', 'create']]) {
      const { status, stderr } = await gatehouse(args);
      expect(status).toBe(2);
      expect(stderr).toMatch(/unknown|required/);
    }
  });

  it('migrate makes the database, and a second run finds nothing to do', async () => {
    const first = await gatehouse(['migrate']);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain('Applied 0001_core.sql');
    expect((await gatehouse(['migrate'])).stdout).toContain('at this release already');
  });

  it('doctor says that an administrator is missing, admin create makes one with a link, and doctor is content', async () => {
    const before = await gatehouse(['doctor']);
    expect(before.status).toBe(1);
    expect(before.stdout).toMatch(/MEND {2}administrator/);
    const made = await gatehouse(['admin', 'create', '--email', 'ada@example.com', '--name', 'Ada']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(/http:\/\/localhost:4000\/set-password#token=\S+/);
    const again = await gatehouse(['admin', 'create', '--email', 'ADA@example.com']);
    expect(again.status).toBe(0);
    expect(again.stdout).not.toContain('token=');
    const after = await gatehouse(['doctor']);
    expect(after).toMatchObject({ status: 0, stderr: '' });
    expect(after.stdout).not.toContain('MEND');
  });

  it('logs for programs, and for people where that is asked for', async () => {
    const migrating = async (settings: Record<string, string>) => {
      const folder = { GATEHOUSE_DATA_DIR: await mkdtemp(join(dataDir, 'log-')), LOG_LEVEL: 'info' };
      await chmod(folder.GATEHOUSE_DATA_DIR, 0o711);
      const { stdout } = await gatehouse(['migrate'], { ...folder, ...settings });
      return stdout.split('\n').find((line) => line.includes('Migrating the database: 0001')) ?? '';
    };
    expect(JSON.parse(await migrating({}))).toMatchObject({ level: 30, time: expect.any(String) });
    expect(await migrating({ LOG_FORMAT: 'text' })).toMatch(/^\S+ Migrating the database: 0001_core\.sql$/);
    const wrong = await gatehouse(['migrate'], { LOG_FORMAT: 'xml' });
    expect(wrong.stderr).toContain('LOG_FORMAT must be one of text, json');
  });

  it('admin create refuses what is no address', async () => {
    const { status, stderr } = await gatehouse(['admin', 'create', '--email', 'ada']);
    expect(status).toBe(1);
    expect(stderr).toContain('--email must be one email address');
  });

  it('names every wrong setting at once, and none of their values', async () => {
    const { status, stderr } = await gatehouse(['serve'], {
      PORT: 'eighty',
      BCRYPT_COST: '4',
      GATEHOUSE_DATADIR: '/x',
      SECRET_KEY: 'hidden-value',
      TOKEN_ALGORITHM: 'none',
    });
    expect(status).toBe(1);
    for (const name of ['PORT', 'BCRYPT_COST', 'GATEHOUSE_DATADIR', 'TOKEN_ALGORITHM'])
      expect(stderr).toContain(name);
    expect(stderr).not.toContain('hidden-value');
    expect(stderr).not.toContain('eighty');
  });

  it('refuses a master key that is not the one of the database', async () => {
    const { status, stderr } = await gatehouse(['doctor'], {
      GATEHOUSE_MASTER_KEY: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64'),
    });
    expect(status).toBe(1);
    expect(stderr).toContain('GATEHOUSE_MASTER_KEY is not the key');
  });
});
