import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rootDir } from '../../src/cli/folders.ts';
import { freePort } from './npm-start.fixture.ts';
import { type Service, startService } from './program.fixture.ts';

const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-suite-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
  await writeFile(join(folder, 'password'), `${ADMIN.password}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Report {
  rows: { row: number; verdict: string }[];
  probes: { title: string; verdict: string; faults: string[] }[];
}

async function suite(...args: string[]) {
  const child = spawn(process.execPath, [join(rootDir, 'scripts', 'security.mjs'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, output };
}
const reported = async (): Promise<Report> =>
  JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
const withAccount = ['--email', ADMIN.email, '--password-file', 'password', '--json', 'report.json'];

describe('npm run security', () => {
  let service: Service;
  beforeAll(async () => {
    const port = await freePort();
    service = await startService(port, {
      GATEHOUSE_DATA_DIR: join(folder, 'data'),
      GATEHOUSE_PUBLIC_URL: `http://localhost:${port}`,
      GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
      GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
    });
  });
  afterAll(() => service.stop());

  it('finds this server immune to every row that it can try, and says of each other which test covers it', async () => {
    const { status, output } = await suite('--target', service.url, ...withAccount);
    expect(output).not.toContain('✗');
    expect(status).toBe(0);
    const { rows, probes } = await reported();
    expect(probes.filter(({ verdict }) => verdict !== 'immune').map(({ title }) => title)).toEqual([
      'where registration is closed, it is closed on every spelling of its path',
    ]);
    expect(rows.filter(({ verdict }) => verdict === 'immune').length).toBeGreaterThan(20);
    expect(output).toMatch(
      /\n 15 {2}not tested from outside +Row security leaked|\n 15 {2}not tested from outside/,
    );
    expect(output).toMatch(/tests: apps\/server\/test\/standing\/row-security\.test\.ts/);
    expect(output).toMatch(/rows immune, 0 NOT IMMUNE, \d+ not tried, \d+ not tested from outside/);
  });

  it('with an account that cannot sign in, or wrong arguments, tries nothing', async () => {
    await writeFile(join(folder, 'wrong'), 'Not-The-Password-1');
    const email = 'nobody@gatehouse-suite.example';
    const refused = await suite('--target', service.url, '--email', email, '--password-file', 'wrong');
    expect(refused).toMatchObject({
      status: 2,
      output: expect.stringMatching(/cannot sign in \(401 auth\.invalid_credentials\)/) as string,
    });
    expect(await suite('--target', 'localhost')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/^--target must be a URL/) as string,
    });
    expect(await suite('--target', service.url, '--tokens', 'x')).toMatchObject({ status: 2 });
    expect(await suite('--target', `http://localhost:${await freePort()}`)).toMatchObject({
      status: 2,
      output: expect.stringMatching(/ECONNREFUSED/) as string,
    });
    expect(
      await suite('--target', service.url, '--email', email, '--password-file', 'missing'),
    ).toMatchObject({
      status: 2,
      output: expect.stringMatching(/missing cannot be read \(ENOENT\)/) as string,
    });
  });
});

/** A server with every fault that the suite looks for. */
function brokenAnswer(request: IncomingMessage, body: string, answer: ServerResponse): void {
  const path = request.url ?? '/';
  const forged = [request.headers.host, request.headers['x-forwarded-host'], request.headers.forwarded];
  const cookie = `gh.rt=${path.endsWith('/refresh') ? crypto.randomUUID() : 'always-the-same'}; Path=/`;
  answer.setHeader('set-cookie', cookie);
  answer.setHeader('x-csrf-token', 'csrf');
  answer.setHeader('ratelimit-remaining', '5');
  const elsewhere = /[?&](?:returnTo|next)=([^&]*)/.exec(path)?.[1];
  if (elsewhere !== undefined) answer.setHeader('location', decodeURIComponent(elsewhere));
  const isPage = !/^\/+(api|health|openapi|\.well-known|x|assets|\.)/i.test(path);
  answer.setHeader('content-type', isPage ? 'text/html' : 'application/json');
  answer.statusCode = elsewhere === undefined ? 200 : 302;
  if (path === '/api/v1/auth/register') answer.statusCode = 403;
  if (isPage) return void answer.end(`<html>${decodeURIComponent(path)} ${forged.join(' ')}</html>`);
  const keys = [{ kid: 'one', kty: 'EC', x: 'x', d: 'private' }];
  answer.end(JSON.stringify({ keys, token: 'x', client_secret: 'x', forged, youSaid: body, path }));
}

describe('npm run security, of a server with every fault', () => {
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      try {
        brokenAnswer(request, body, answer);
      } catch {
        answer.statusCode = 500;
        answer.end();
      }
    });
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  it('without an account tries less, and says so', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { status, output } = await suite('--target', url);
    expect(status).toBe(1);
    expect(output).toMatch(
      /· twenty renewals of one token at once make one successor \(needs an account \(--email\)\)/,
    );
    expect(output).toMatch(/\n 55 {2}not tried/);
  });

  it('finds every one of them, and ends with 1', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { status, output } = await suite('--target', url, ...withAccount);
    expect(status, output).toBe(1);
    const { probes } = await reported();
    expect(probes.filter(({ verdict }) => verdict !== 'NOT IMMUNE').map(({ title }) => title)).toEqual([]);
    expect(probes.length).toBeGreaterThan(20);
    expect(output).toMatch(/\n 61 {2}NOT IMMUNE/);
  });
});
