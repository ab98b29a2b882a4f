import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };

/** `gatehouse keys …` beside a service that runs on the embedded database. */
describe('gatehouse keys', () => {
  let dataDir: string;
  let port: number;
  let service: ChildProcess;
  const settings = () => ({
    PATH: process.env.PATH,
    GATEHOUSE_DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    PORT: String(port),
    HOST: '127.0.0.1',
    GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
    GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
  });
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
    // As root: the account that PostgreSQL runs as has to pass through.
    await chmod(dataDir, 0o711);
    port = await freePort();
    service = spawn(process.execPath, [program, 'serve'], { cwd: '/', stdio: 'ignore', env: settings() });
    await untilReady();
  });
  afterAll(async () => {
    const ended = once(service, 'close');
    service.kill('SIGTERM');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  });

  const url = (path: string) => `http://localhost:${port}${path}`;
  async function untilReady() {
    for (const giveUp = Date.now() + 60_000; ; await delay(100)) {
      const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (Date.now() > giveUp) throw new Error('the service does not get ready');
    }
  }
  async function gatehouse(...args: string[]) {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: settings(),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    return { status, stdout, stderr };
  }
  const publishedKids = async () => {
    const { keys } = (await (await fetch(url('/.well-known/jwks.json'))).json()) as {
      keys: { kid: string }[];
    };
    return keys.map(({ kid }) => kid);
  };
  async function login() {
    const answer = await fetch(url('/api/v1/auth/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ADMIN),
    });
    expect(answer.status).toBe(200);
    return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  }
  const me = async (cookies: (string | undefined)[]) =>
    (await fetch(url('/api/v1/auth/me'), { headers: { cookie: cookies.join('; ') } })).status;

  it('list shows which key signs and which signs next, and nothing secret', async () => {
    const { status, stdout } = await gatehouse('keys', 'list');
    expect(status).toBe(0);
    for (const kid of await publishedKids()) expect(stdout).toContain(kid);
    expect(stdout).toMatch(/ES256 +active +access token, signs since/);
    expect(stdout).toMatch(/ES256 +next +access token, stands by/);
    expect(stdout).not.toMatch(/PRIVATE|v1\./);
  });

  it('rotate says when a key that was just published will take over, and the service goes on', async () => {
    const { status, stdout } = await gatehouse('keys', 'rotate');
    expect(status).toBe(0);
    expect(stdout).toMatch(/published a moment ago.*\n.*takes? over at \d{4}-/);
    expect((await gatehouse('keys', 'list')).stdout).toMatch(/next +access token, signs from/);
    expect(await me(await login())).toBe(200);
  });

  it('rotate --compromised throws the keys away, and the running service follows within two seconds', async () => {
    const before = await publishedKids();
    const cookies = await login();
    expect(await me(cookies)).toBe(200);
    const { status, stdout } = await gatehouse('keys', 'rotate', '--compromised');
    expect(status).toBe(0);
    for (const kid of before) expect(stdout).toContain(kid);
    await delay(2000);
    for (const kid of await publishedKids()) expect(before).not.toContain(kid);
    expect(await me(cookies)).toBe(401);
    expect(await me(await login())).toBe(200);
  });

  it('explains itself, and refuses what it does not know', async () => {
    const help = await gatehouse('keys', 'rotate', '--help');
    expect(help.status).toBe(0);
    for (const word of ['JWK Set', 'Nobody is signed out', 'SIGNING_KEY_ROTATION_DAYS', '--compromised'])
      expect(help.stdout).toContain(word);
    expect((await gatehouse('keys', 'turn')).status).toBe(2);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
