import { pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { hashSync as argon2 } from '@node-rs/argon2';
import { hashSync as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import { freshAddress, LOGIN } from '../../../test/recovery.fixture.ts';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';
import { newId, type TenantId, type UserId } from '../../platform/ids.ts';
import { openPassword } from '../auth/sealed-credentials.ts';
import { importUsers } from './index.ts';

const PASSWORD = 'Rolling-Stone-7';
/** The vector that Firebase publishes beside its scrypt. */
const FIREBASE = {
  signerKey: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  saltSeparator: 'Bw==',
  rounds: 8,
  memoryCost: 14,
};
const OF_FIREBASE = {
  password_salt: '42xEC+ixf3L2lw==',
  password_hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
};

let gatehouse: TestServer;
let tenant: TenantId;
let folder: string;
beforeAll(async () => {
  gatehouse = await startServer();
  await gatehouse.admin();
  tenant = await addTenant(gatehouse);
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-import-'));
});
afterAll(async () => {
  await gatehouse.close();
  await rm(folder, { recursive: true, force: true });
});

type Given = Partial<Parameters<typeof importUsers>[1]>;
let files = 0;
async function importing(lines: readonly (object | string)[], given: Given = {}) {
  const file = join(folder, `${(files += 1)}.jsonl`);
  await writeFile(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  const faults: string[] = [];
  const totals = await importUsers(gatehouse.server.deps, {
    file,
    tenant,
    firebase: FIREBASE,
    dryRun: false,
    grantedBy: undefined,
    signal: new AbortController().signal,
    onFault: (line, fault) => faults.push(`${line} ${fault}`),
    onProgress: () => undefined,
    ...given,
  });
  return { ...totals, said: faults };
}
const somebody = (more: object = {}) => ({
  email: freshAddress(),
  name: 'Ada',
  email_verified: true,
  ...more,
});
const signIn = (email: string, password: string) => gatehouse.browser().post(LOGIN, { email, password });
const usersOf = async (email: string) =>
  gatehouse.sql<{ id: UserId; status: string; sealed: string | null }>(
    `select u.id, u.status, c.secret_sealed as sealed from gatehouse.users u
       left join gatehouse.credentials c on c.tenant_id = u.tenant_id and c.user_id = u.id
      where u.tenant_id = $1 and u.email_key = lower($2)`,
    [tenant, email],
  );
const storedHash = async (email: string) => {
  const [user] = await usersOf(email);
  return openPassword(gatehouse.server.deps.sealer, { tenantId: tenant, userId: user!.id }, user!.sealed!);
};

const b64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
const salt = randomBytes(16);
const derived = (digest: string) => pbkdf2Sync(PASSWORD, salt, 1000, 32, digest);
const scrypt = (length: number) => scryptSync(PASSWORD, salt, length, { N: 4096, r: 8, p: 1 });
const adapted = (bytes: Buffer) => b64(bytes).replaceAll('+', '.');
const FORMS: Record<string, object> = {
  'bcrypt $2a$': { password_hash: bcrypt(PASSWORD, { cost: 5 }).replace('$2b$', '$2a$') },
  'bcrypt $2b$': { password_hash: bcrypt(PASSWORD, { cost: 5 }) },
  'bcrypt $2y$': { password_hash: bcrypt(PASSWORD, { cost: 5 }).replace('$2b$', '$2y$') },
  argon2i: {
    password_hash:
      '$argon2i$v=19$m=4096,t=2,p=1$radFICtEisYMEuq30B/DCw$TQgbZ9HU+AItcYTRZ9g0T63QA317AlN2Fed7oZHv/3o',
  },
  argon2id: { password_hash: argon2(PASSWORD) },
  scrypt: { password_hash: `$scrypt$ln=12,r=8,p=1$${b64(salt)}$${b64(scrypt(32))}` },
  'PBKDF2 with SHA-1': { password_hash: `$pbkdf2-sha1$i=1000,l=32$${b64(salt)}$${b64(derived('sha1'))}` },
  'PBKDF2 with SHA-256': { password_hash: `$pbkdf2-sha256$i=1000$${b64(salt)}$${b64(derived('sha256'))}` },
  'PBKDF2 with SHA-512, as passlib writes it': {
    password_hash: `$pbkdf2-sha512$1000$${adapted(salt)}$${adapted(derived('sha512'))}`,
  },
  'Auth0, bcrypt': {
    custom_password_hash: { algorithm: 'bcrypt', hash: { value: bcrypt(PASSWORD, { cost: 5 }) } },
  },
  'Auth0, scrypt': {
    custom_password_hash: {
      algorithm: 'scrypt',
      hash: { value: scrypt(64).toString('hex'), encoding: 'hex' },
      salt: { value: salt.toString('base64'), encoding: 'base64' },
      keylen: 64,
      cost: 4096,
      blockSize: 8,
      parallelization: 1,
    },
  },
};

describe('an imported password', () => {
  it.each(Object.entries(FORMS))(
    'of %s signs in, is hashed anew at the first good sign-in, and keeps the event loop free',
    async (_name, hash) => {
      const who = somebody(hash);
      expect(await importing([who])).toMatchObject({ imported: 1, faults: 0 });
      const loop = monitorEventLoopDelay({ resolution: 1 });
      expect((await signIn(who.email, 'Rolling-Stone-8')).status).toBe(401);
      expect(await storedHash(who.email)).not.toMatch(/^\$2b\$10\$/);
      loop.enable();
      expect(await gatehouse.server.deps.passwords.verify(PASSWORD, await storedHash(who.email))).toBe(true);
      loop.disable();
      // Comparing took longer than this by far before it had threads; the figures are in ADR 0068.
      expect(loop.max / 1e6).toBeLessThan(150);
      expect((await signIn(who.email, PASSWORD)).status).toBe(200);
      expect(await storedHash(who.email)).toMatch(/^\$2b\$10\$/);
      expect((await signIn(who.email, PASSWORD)).status).toBe(200);
    },
  );

  it('of Firebase signs in with the parameters of its project, and not with those of another', async () => {
    const [who, other] = [somebody(OF_FIREBASE), somebody(OF_FIREBASE)];
    await importing([who]);
    await importing([other], { firebase: { ...FIREBASE, saltSeparator: 'Bg==' } });
    expect((await signIn(who.email, 'user1password')).status).toBe(200);
    expect((await signIn(other.email, 'user1password')).status).toBe(401);
    expect((await importing([somebody(OF_FIREBASE)], { firebase: undefined })).said).toEqual([
      '1 password: a hash with password_salt is of Firebase: name the parameters of its project',
    ]);
  });

  it('costs what an unknown address costs: one task of a hash thread [threat 51]', async () => {
    const who = somebody({ password_hash: bcrypt(PASSWORD, { cost: 4 }) });
    await importing([who]);
    const { passwords } = gatehouse.server.deps;
    const cost = async (email: string) => {
      // Of the processor: what else the machine does takes none of it.
      const [done, before] = [passwords.done, process.cpuUsage()];
      expect((await signIn(email, 'Rolling-Stone-8')).body.code).toBe('auth.invalid_credentials');
      return { done: passwords.done - done, worked: process.cpuUsage(before).user };
    };
    for (const email of [who.email, freshAddress()]) await cost(email);
    const [known, unknown] = [await cost(who.email), await cost(freshAddress())];
    expect(known.done).toBe(unknown.done);
    // A bcrypt of cost 4 alone is a sixty-fourth of what an unknown address costs here.
    expect(known.worked).toBeGreaterThan(unknown.worked / 4);
  });

  it('is of no use where somebody put a hash that would cost too much into the database', async () => {
    const who = somebody({ password_hash: bcrypt(PASSWORD, { cost: 5 }) });
    await importing([who]);
    const { passwords } = gatehouse.server.deps;
    const hostile = bcrypt(PASSWORD, { cost: 5 }).replace('$05$', '$31$');
    expect(await passwords.verify(PASSWORD, hostile)).toBe(false);
    expect(
      await passwords.verify(
        PASSWORD,
        '$argon2id$v=19$m=99999999,t=9,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
      ),
    ).toBe(false);
  });
});

describe('an import', () => {
  it('makes active users with roles, each on record, and leaves those be who are there already', async () => {
    const ada = somebody({ roles: ['SUPPORT_AGENT', 'admin'], ...FORMS['bcrypt $2b$'] });
    const grantedBy = ADMIN.email;
    expect(await importing([ada], { grantedBy })).toMatchObject({ imported: 1, present: 0, faults: 0 });
    const again = { ...ada, name: 'Somebody else', roles: [] };
    expect(await importing([again], { grantedBy })).toMatchObject({ imported: 0, present: 1, faults: 0 });
    const browser = gatehouse.browser();
    await browser.post(LOGIN, { email: ada.email, password: PASSWORD });
    const me = (await browser.get('/api/v1/auth/me')).body as { roles: string[]; user: object };
    expect(me.roles.toSorted()).toEqual(['SUPPORT_AGENT', 'admin']);
    expect(me.user).toMatchObject({ name: 'Ada', emailVerified: true });
    const [user] = await usersOf(ada.email);
    const records = await gatehouse.sql<{ after: object }>(
      `select after from gatehouse.audit_records where action = 'user_created' and resource_id = $1 and tenant_id = $2`,
      [user?.id, tenant],
    );
    expect(records).toMatchObject([{ after: { by: 'import', password: true, status: 'active' } }]);
  });

  it('leaves an address that was not proved invited, without the password that may be a stranger’s [threat 23]', async () => {
    const who = { ...somebody(FORMS['bcrypt $2b$']), email_verified: undefined };
    expect(await importing([who])).toMatchObject({ imported: 1 });
    expect(await usersOf(who.email)).toMatchObject([{ status: 'invited', sealed: null }]);
    expect((await signIn(who.email, PASSWORD)).status).toBe(401);
  });

  it('gives no role that the granter does not hold, nor where the granter may not act [threat 72]', async () => {
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const own = await addCaller(gatehouse, tenant, 'SUPPORT_AGENT');
    const emails = await gatehouse.sql<{ id: string; email: string }>(
      'select id, email from gatehouse.users',
    );
    const addressOf = (id: string) => emails.find((user) => user.id === id)?.email;
    const line = somebody({ roles: ['admin'] });
    for (const grantedBy of [undefined, addressOf(stranger.userId), addressOf(own.userId)]) {
      expect(await importing([line], { grantedBy })).toMatchObject({ imported: 0, faults: 1 });
      expect(await usersOf(line.email)).toEqual([]);
    }
    const root = { grantedBy: ADMIN.email };
    const platform = await importing([somebody({ roles: ['PLATFORM_ADMIN'] })], root);
    expect(platform).toMatchObject({ imported: 0, faults: 1 });
    expect((await importing([somebody({ roles: ['NOBODY'] })], root)).said).toEqual([
      '1 roles: the tenant has no role of this name',
    ]);
    await expect(importing([line], { grantedBy: freshAddress() })).rejects.toThrow(/--granted-by/);
  });

  it('names each fault by its line, never a hash, and writes nothing in a dry run', async () => {
    const good = somebody(FORMS['bcrypt $2b$']);
    const secret = 'c2VjcmV0LXNlY3JldA';
    const lines = [
      good,
      good,
      '{"email":"a@example.com","password_hash":"c2VjcmV0LXNlY3JldA',
      somebody({ password_hash: `$md5$${secret}` }),
      somebody({ password_hash: bcrypt('x', { cost: 4 }).replace('$04$', '$31$') }),
      somebody({ password_hash: `$argon2id$v=19$m=4000000,t=3,p=1$${secret}$${secret}AAAAAAAAAAAA` }),
      somebody({ password_hash: `$scrypt$ln=20,r=8,p=1$${secret}$${secret}AAAAAAAAAAAA` }),
      somebody({ password_hash: `$pbkdf2-sha256$i=99999999$${secret}$${secret}AAAAAAAAAAAA` }),
      somebody({ custom_password_hash: { algorithm: 'md5', hash: { value: secret } } }),
      { ...somebody(), [secret]: 1, tenantId: newId() },
      somebody({ tenant: newId() }),
      somebody({ email: 'a@@example.com' }),
      somebody({ name: '\u202Enig' }),
      `{"pad":"${'x'.repeat(70_000)}"}`,
      '',
      '[]',
    ];
    const { said, ...totals } = await importing(lines, { dryRun: true });
    expect(totals).toMatchObject({ lines: 15, imported: 1, faults: 14, whole: true });
    expect(said.map((fault) => Number.parseInt(fault, 10)).toSorted((a, b) => a - b)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16,
    ]);
    expect(said.join('\n')).not.toContain(secret);
    expect(said).toContain('5 password: bcrypt cost must be from 4 to 16');
    expect(await usersOf(good.email)).toEqual([]);
  });

  it('stops between batches when it is told to, and goes on with the rest', async () => {
    const lines = Array.from({ length: 350 }, () => somebody());
    const stop = new AbortController();
    const first = await importing(lines, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(first).toMatchObject({ imported: 100, whole: false });
    expect(await importing(lines)).toMatchObject({ imported: 250, present: 100, whole: true });
  });
});
