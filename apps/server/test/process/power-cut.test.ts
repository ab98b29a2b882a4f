import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExport, readPublicKeys, verifyExport } from '../../src/features/audit/index.ts';
import { type Deployment, freePort, killEverything, launch, untilReady } from './npm-start.fixture.ts';

const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };
const SETTINGS = {
  GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
  GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
  RATE_LIMIT_AUTH_PER_MINUTE: '100000',
  RATE_LIMIT_MAIL_TENANT_PER_HOUR: '100000',
  LOG_LEVEL: 'warn',
};

let dataDir: string;
let running: Deployment | undefined;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-power-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
});
afterAll(async () => {
  if (running) {
    running.start.kill('SIGTERM');
    await running.ended;
  }
  await rm(dataDir, { recursive: true, force: true });
});

/** A signed-in administrator over real HTTP. */
async function signIn(url: string) {
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify(ADMIN),
  });
  expect(answer.status).toBe(200);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const headers = {
    'content-type': 'application/json',
    origin: url,
    cookie,
    'x-csrf-token': answer.headers.get('x-csrf-token') ?? '',
  };
  return {
    addUser: (email: string) =>
      fetch(`${url}/api/v1/users`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ email, name: email }),
      }).then(async (made) => {
        const body = (await made.json()) as { id: string };
        return made.status === 201 ? body.id : undefined;
      }),
    /** What an auditor finds, and which records no sealer has come to. */
    async judge() {
      const get = async (path: string) => (await fetch(`${url}${path}`, { headers })).text();
      const file = join(dataDir, 'export.jsonl');
      const waiting = (await this.list('/api/v1/audit?action=user_created&')).filter(
        ({ seal }) => (seal as { state: string }).state !== 'verified',
      );
      await writeFile(file, await get('/api/v1/audit/export'));
      const keys = readPublicKeys(await get('/.well-known/gatehouse-audit-keys.json'));
      const { findings } = await verifyExport(readExport(file), { keys });
      return { findings, waiting };
    },
    async list(path: string) {
      const items: Record<string, unknown>[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page = await fetch(`${url}${path}limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`, {
          headers,
        });
        const body = (await page.json()) as { items: Record<string, unknown>[]; nextCursor: string | null };
        items.push(...body.items);
        cursor = body.nextCursor;
      }
      return items;
    },
  };
}

describe('a power cut in the middle of five hundred writes', () => {
  it('loses nothing that was acknowledged, and leaves no act without its record and no record without its act', async () => {
    const before = launch(dataDir, await freePort(), SETTINGS);
    await untilReady(before);
    const admin = await signIn(before.url);
    const acknowledged: string[] = [];
    const writes = (async () => {
      let next = 0;
      const lane = async () => {
        while (next < 500) {
          const id = await admin.addUser(`user${(next += 1)}@example.com`);
          if (id !== undefined) acknowledged.push(id);
        }
      };
      await Promise.allSettled(Array.from({ length: 16 }, lane));
    })();
    while (acknowledged.length < 120) await delay(2);
    killEverything(before);
    await writes;
    expect(acknowledged.length).toBeLessThan(500);

    running = launch(dataDir, await freePort(), SETTINGS);
    await untilReady(running);
    const after = await signIn(running.url);
    const users = new Set((await after.list('/api/v1/users?')).map((user) => user.id as string));
    const records = await after.list('/api/v1/audit?action=user_created&');
    const recorded = new Set(records.map((record) => (record.resource as { id: string }).id));
    expect(acknowledged.filter((id) => !users.has(id))).toEqual([]);
    expect(recorded).toEqual(users);
    expect(records).toHaveLength(recorded.size);
    // The sealer was cut off as well: the one of the new process carried on, and nobody can tell.
    await expect.poll(() => after.judge()).toEqual({ findings: [], waiting: [] });
  });
});
