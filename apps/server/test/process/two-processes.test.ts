import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_TENANT } from '../../src/platform/ids.ts';
import { ADMIN, type Cluster, startCluster } from './cluster.fixture.ts';
import { type Sent, send } from './load.fixture.ts';

const FIRST = Buffer.alloc(32, 'the first key of two processes').toString('base64');
const SECOND = Buffer.alloc(32, 'the key that comes after it').toString('base64');

let cluster: Cluster;
let folder: string;
beforeAll(async () => {
  cluster = await startCluster([0, 0], {
    GATEHOUSE_MASTER_KEY: FIRST,
    GATEHOUSE_MASTER_KEY_PREVIOUS: SECOND,
  });
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-two-'));
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const cookiesOf = (answer: Sent) => (answer.setCookie ?? []).map((line) => line.split(';')[0]).join('; ');
/** What a refresh token says; its MAC is under whichever master key that process seals with at the moment. */
const refreshOf = (answer: Sent) => /\.rt=([^;]+)/.exec(cookiesOf(answer))?.[1]?.split('.')[1];
const post = (at: number, path: string, cookie: string, body: object = {}) =>
  send(`${cluster.urls[at % 2]}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { origin: cluster.publicUrl, ...(cookie !== '' && { cookie }) },
    body,
  });

describe('two processes on one database', () => {
  it('renew, seal and rotate every key at once: nobody is signed out, and the log verifies [threat 79]', async () => {
    const failures: string[] = [];
    let renewals = 0;
    let over = false;
    const check = (what: string, { status, body }: Sent) => {
      if (status !== 200) failures.push(`${what}: ${status} ${body}`);
    };
    const browse = async (lane: number) => {
      let cookies = cookiesOf(await post(lane, 'login', '', ADMIN));
      for (let turn = lane; !over; turn += 1) {
        check('me', await send(`${cluster.urls[turn % 2]}/api/v1/auth/me`, { headers: { cookie: cookies } }));
        // Two tabs: the same cookie to both processes at the same moment, and the same successor for both.
        const [one, two] = await Promise.all([post(0, 'refresh', cookies), post(1, 'refresh', cookies)]);
        check('renewal', one);
        check('renewal of the other tab', two);
        if (refreshOf(one) !== refreshOf(two)) failures.push('two successors of one cookie');
        cookies = cookiesOf(one);
        renewals += 2;
        await delay(20);
      }
      return cookies;
    };
    const signIn = async () => {
      for (let turn = 0; !over; turn += 1) {
        check('login', await post(turn, 'login', '', ADMIN));
        await delay(50);
      }
    };
    const lanes = Promise.all(Array.from({ length: 4 }, (_, lane) => browse(lane)));
    const logins = signIn();
    const rotations: [string[], Record<string, string>?][] = [
      [['keys', 'rotate']],
      [['audit', 'rotate-key']],
      [['keys', 'rotate-master'], { GATEHOUSE_MASTER_KEY: SECOND, GATEHOUSE_MASTER_KEY_PREVIOUS: FIRST }],
    ];
    const said: string[] = [];
    try {
      // The key that stands by has been published for long enough to sign at once.
      await cluster.seed.sql(`update gatehouse.signing_keys set created_at = created_at - interval '1 hour'`);
      for (const { status, output } of await Promise.all(
        rotations.map(([args, settings]) => cluster.command(args, settings)),
      )) {
        said.push(output);
        expect(status, output).toBe(0);
      }
      await delay(3000);
      // However slow the machine is.
      await expect.poll(() => renewals).toBeGreaterThan(50);
    } finally {
      over = true;
      await logins;
    }
    const left = await lanes;
    expect(failures).toEqual([]);
    expect(said.join('\n')).toContain('may be dropped');
    for (const [lane, cookies] of left.entries())
      expect((await post(lane, 'refresh', cookies)).status).toBe(200);

    const [keys] = await cluster.seed.sql<{ retired: number; audit: number; sealed: number }>(
      `select (select count(*)::int from gatehouse.signing_keys where status = 'retired') as retired,
         (select count(*)::int from gatehouse.audit_keys) as audit,
         (select count(distinct split_part(secret_sealed, '.', 2))::int from gatehouse.credentials) as sealed`,
    );
    expect(keys).toEqual({ retired: 1, audit: 2, sealed: 1 });
    await expectVerified();
  });

  async function expectVerified(): Promise<void> {
    const waiting = async () =>
      (await cluster.seed.sql<{ n: number }>('select count(*)::int as n from gatehouse.audit_unsealed'))[0]
        ?.n;
    await expect.poll(waiting).toBe(0);
    const [file, keys] = [join(folder, 'audit.jsonl'), join(folder, 'keys.json')];
    const published = await fetch(`${cluster.urls[1]}/.well-known/gatehouse-audit-keys.json`);
    await writeFile(keys, await published.text());
    const exported = await cluster.command(['audit', 'export', '--tenant', ROOT_TENANT, '--out', file]);
    expect(exported.status, exported.output).toBe(0);
    const judged = await cluster.command(['audit', 'verify', file, '--key', keys]);
    expect(judged.status, judged.output).toBe(0);
  }
});
