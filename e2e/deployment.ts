import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The link that lets whoever reads the terminal into the development mailbox. */
export const MAILBOX_LINK = /http\S+\/dev\/mail#key=\S+/;

const main = fileURLToPath(new URL('../apps/server/dist/main.js', import.meta.url));

export const administrator = { email: 'ada@example.com', password: 'Correct-Horse-7' };

export interface Deployment {
  readonly url: string;
  /** What the service prints for its operator, once it has printed it. */
  readonly printed: (pattern: RegExp) => Promise<string>;
  /** The newest link that was mailed to an address, of a page when one is named, from the development mailbox. */
  readonly mailedLink: (to: string, page?: string) => Promise<string>;
  /** The newest code of eight digits that was mailed to an address. */
  readonly mailedCode: (to: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** The built service as an operator starts it: its own process, its own PostgreSQL, an empty data folder. */
export async function startDeployment(env: Record<string, string | undefined> = {}): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-e2e-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let output = '';
  const child = spawn(process.execPath, [main, 'serve'], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      GATEHOUSE_DATA_DIR: folder,
      GATEHOUSE_ADMIN_EMAIL: administrator.email,
      GATEHOUSE_ADMIN_PASSWORD: administrator.password,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));

  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + 180_000;
  while (!(await isReady(url))) {
    if (child.exitCode === null && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 100));
    else {
      await stop();
      throw new Error(`The service did not start:\n${output}`);
    }
  }
  const printed = (pattern: RegExp): Promise<string> =>
    eventually(`${pattern} in the output`, async () => pattern.exec(output)?.[0]);
  let mailbox: Promise<string> | undefined;
  const mailedLink: Deployment['mailedLink'] = async (to, page) => {
    mailbox ??= printed(MAILBOX_LINK).then((link) => letIn(url, link));
    return readLink(url, await mailbox, to, page);
  };
  const mailedCode: Deployment['mailedCode'] = async (to) => {
    mailbox ??= printed(MAILBOX_LINK).then((link) => letIn(url, link));
    return readCode(url, await mailbox, to);
  };
  return { url, printed, mailedLink, mailedCode, stop };
}

async function eventually(what: string, look: () => Promise<string | undefined>): Promise<string> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`there never was ${what}`);
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`).catch(() => null);
  return response?.ok ?? false;
}

/** What a browser does with the printed link: the key for a cookie. */
async function letIn(url: string, link: string): Promise<string> {
  const { status, headers } = await fetch(`${url}/dev/mail`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: link.split('#key=')[1] }),
  });
  const [cookie] = headers.getSetCookie();
  if (cookie === undefined) throw new Error(`the printed link opens no mailbox: ${status}`);
  return cookie.split(';')[0] ?? '';
}

const CODE = />\s*(\d{4} \d{4})\s*</;

function readCode(url: string, cookie: string, to: string): Promise<string> {
  return eventually(`a mail with a code to ${to}`, async () => {
    const mails = await (await fetch(`${url}/dev/mail`, { headers: { cookie } })).text();
    const letter = mails.split('<article>').find((text) => text.includes(`To ${to}`) && CODE.test(text));
    return letter && CODE.exec(letter)?.[1];
  });
}

function readLink(url: string, cookie: string, to: string, page = ''): Promise<string> {
  return eventually(`a mail with a link to ${to}`, async () => {
    const mails = await (await fetch(`${url}/dev/mail`, { headers: { cookie } })).text();
    const letter = mails
      .split('<article>')
      .find((text) => text.includes(`To ${to}`) && text.includes(`${page}#token=`));
    return letter?.match(/href="([^"]+#token=[^"]+)"/)?.[1]?.replaceAll('&#47;', '/');
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
