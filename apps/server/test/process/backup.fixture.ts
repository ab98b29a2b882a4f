import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createHttpBrowser, type HttpBrowser } from './http-browser.fixture.ts';
import { freePort } from './npm-start.fixture.ts';
import { type Ended, runProgram, type Service, startService } from './program.fixture.ts';

export const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };
export const KEY = Buffer.alloc(32, 'of the test of copies only').toString('base64');
const PUBLIC_URL = 'http://localhost:4000';

export const COMMON = {
  GATEHOUSE_PUBLIC_URL: PUBLIC_URL,
  GATEHOUSE_MASTER_KEY: KEY,
  GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
  GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
  BCRYPT_COST: '10',
};

/** A folder in which copies are made and put back, and the service that they are made of. */
export interface CopyRoom {
  folder: string;
  inFolder(name: string): string;
  /** `gatehouse …`, run in that folder. */
  gatehouse(settings: Record<string, string>, ...args: string[]): Promise<Ended>;
  serve(settings: Record<string, string>): Promise<Service>;
  close(): Promise<void>;
}

export async function openCopyRoom(): Promise<CopyRoom> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
  const port = await freePort();
  return {
    folder,
    inFolder: (name) => join(folder, name),
    gatehouse: (settings, ...args) => runProgram(args, settings, { cwd: folder }),
    serve: (settings) => startService(port, settings),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export const api = (service: Service, path: string) => `${service.url}/api/v1${path}`;

export async function enter(service: Service): Promise<HttpBrowser> {
  const admin = createHttpBrowser(PUBLIC_URL);
  expect(await admin.post(api(service, '/auth/login'), ADMIN)).toMatchObject({ status: 200 });
  return admin;
}

export async function addPerson(service: Service, admin: HttpBrowser, email: string): Promise<string> {
  const made = await admin.post(api(service, '/users'), { email, name: 'A Person' });
  expect(made.status).toBe(201);
  return String(made.body.id);
}
