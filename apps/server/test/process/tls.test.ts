import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './npm-start.fixture.ts';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let dataDir: string;
let running: ChildProcessByStdio<null, Readable, Readable> | undefined;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-tls-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
});
afterAll(async () => {
  running?.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function serve(port: number, args: string[], settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, 'serve', ...args], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, PORT: String(port), GATEHOUSE_DATA_DIR: dataDir, ...settings },
  });
  running = child;
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number);
  while (!output.includes('Gatehouse is ready') && child.exitCode === null) await delay(20);
  return {
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
    ended,
  };
}

/** One request over a connection of its own, to a server whose certificate must be `ca`. */
function get(port: number, ca: string, servername = 'localhost') {
  return new Promise<{ status: number; serial: string; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path: '/health/ready', ca, servername, agent: false },
        (answer) => {
          const serial = (answer.socket as TLSSocket).getPeerCertificate().serialNumber;
          answer.resume();
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, serial, headers: answer.headers }),
          );
        },
      );
      sent.on('error', reject).end();
    },
  );
}

async function certificate(name: string) {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const files = { cert: join(dataDir, `${name}.crt`), key: join(dataDir, `${name}.key`) };
  await writeFile(files.cert, made.cert);
  await writeFile(files.key, made.private);
  return { ...files, pem: made.cert };
}

async function point(link: string, target: string): Promise<void> {
  await unlink(link).catch(() => undefined);
  await symlink(target, link);
}

describe('gatehouse serve with a certificate', () => {
  it('takes another one while it runs, refuses what does not fit, and drops no connection', async () => {
    const [port, first, second] = [await freePort(), await certificate('first'), await certificate('second')];
    const [TLS_CERT_FILE, TLS_KEY_FILE] = [join(dataDir, 'live.crt'), join(dataDir, 'live.key')];
    await point(TLS_CERT_FILE, first.cert);
    await point(TLS_KEY_FILE, first.key);
    const server = await serve(port, [], { TLS_CERT_FILE, TLS_KEY_FILE, LOG_FORMAT: 'json' });
    expect(server.output()).toContain(`https://localhost:${port}`);
    const { status, headers } = await get(port, first.pem);
    expect(status).toBe(200);
    expect(headers['strict-transport-security']).toContain('max-age=');
    await expect(get(port, second.pem)).rejects.toThrow('self-signed certificate');

    const kept = connect({ host: '127.0.0.1', port, ca: first.pem, servername: 'localhost' });
    await once(kept, 'secureConnect');
    // A key that is not the certificate's: told, and the one before stays.
    await point(TLS_KEY_FILE, second.key);
    await expect.poll(server.output).toContain('cannot be served');
    expect((await get(port, first.pem)).status).toBe(200);
    await point(TLS_CERT_FILE, second.cert);
    await expect.poll(server.output).toContain('was replaced');
    expect((await get(port, second.pem)).status).toBe(200);
    await expect(get(port, first.pem)).rejects.toThrow('self-signed certificate');

    kept.write(`GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const [answer] = (await once(kept, 'data')) as [Buffer];
    expect(answer.toString()).toContain('200 OK');
    kept.destroy();
    expect(server.output()).not.toContain('PRIVATE KEY');
    expect(await server.stop()).toBe(0);
  });

  it('is replaced in every worker process', async () => {
    const [port, first, second] = [await freePort(), await certificate('old'), await certificate('new')];
    const [TLS_CERT_FILE, TLS_KEY_FILE] = [join(dataDir, 'all.crt'), join(dataDir, 'all.key')];
    await point(TLS_CERT_FILE, first.cert);
    await point(TLS_KEY_FILE, first.key);
    const server = await serve(port, [], { TLS_CERT_FILE, TLS_KEY_FILE, GATEHOUSE_WORKERS: '3' });
    for (let count = 0; count < 6; count += 1) expect((await get(port, first.pem)).status).toBe(200);
    await point(TLS_KEY_FILE, second.key);
    await point(TLS_CERT_FILE, second.cert);
    await expect.poll(() => server.output().match(/was replaced/g)?.length).toBeGreaterThanOrEqual(3);
    for (let count = 0; count < 6; count += 1) expect((await get(port, second.pem)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  it('speaks no plain HTTP, and nothing older than TLS 1.2, on that port', async () => {
    const port = await freePort();
    const server = await serve(port, ['--tls-dev']);
    const ca = await readFile(join(dataDir, 'tls/development.crt'), 'utf8');
    expect(server.output()).toContain(join(dataDir, 'tls/development.crt'));
    expect((await get(port, ca)).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow('fetch failed');
    // At its usual level of security OpenSSL would not even offer it.
    const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const old = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...versions });
    await expect(once(old, 'secureConnect')).rejects.toThrow('alert protocol version');
    expect(await server.stop()).toBe(0);

    // The same certificate again at the next start: whoever trusts it need not do so twice.
    const again = await serve(port, ['--tls-dev']);
    expect(await readFile(join(dataDir, 'tls/development.crt'), 'utf8')).toBe(ca);
    expect((await get(port, ca)).status).toBe(200);
    expect(await again.stop()).toBe(0);
  });

  it('does not start on files that are missing, no PEM, or not of each other', async () => {
    const [port, one, other] = [await freePort(), await certificate('one'), await certificate('other')];
    const text = join(dataDir, 'text.crt');
    await copyFile(program, text);
    for (const [TLS_CERT_FILE, TLS_KEY_FILE, told] of [
      [join(dataDir, 'nowhere.crt'), one.key, 'TLS_CERT_FILE cannot be read (ENOENT)'],
      [one.cert, join(dataDir, 'nowhere.key'), 'TLS_KEY_FILE cannot be read (ENOENT)'],
      [text, one.key, 'TLS_CERT_FILE holds no certificate'],
      [one.cert, text, 'TLS_KEY_FILE holds no private key'],
      [one.cert, other.key, 'TLS_KEY_FILE holds no private key in PEM, or not the one of the certificate'],
    ] as const) {
      const server = await serve(port, [], { TLS_CERT_FILE, TLS_KEY_FILE });
      expect(await server.ended, told).toBe(1);
      expect(server.output()).toContain(told);
      expect(server.output()).not.toMatch(/\bat .*\(/);
    }
  });
});
