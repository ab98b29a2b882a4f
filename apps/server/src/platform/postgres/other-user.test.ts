import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import {
  asRoot,
  endInOrder,
  makeOpenFolder,
  type Owner,
  ordinaryUser,
  query,
  startOwner,
  urlOf,
} from './owner.fixture.control.ts';

const root = makeOpenFolder();
const here = fileURLToPath(new URL('.', import.meta.url));
/** A clone under /root, say, is closed to every other user: what needs one cannot be tried there. */
const openToOthers =
  asRoot && spawnSync('/bin/ls', [here], { uid: ordinaryUser, gid: ordinaryUser }).status === 0;
const hasNamespaces =
  asRoot && spawnSync('unshare', ['--user', '--map-user=65534', '--map-group=65534', 'true']).status === 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

function socketFolder(owner: Owner): string {
  return new URL(urlOf(owner).replace('@/', '@x/')).searchParams.get('host') ?? '';
}

describe.runIf(asRoot)('started by root', () => {
  test('runs PostgreSQL as another user and closes the database to everybody else', async () => {
    const dataDir = join(root, 'stepped-down');
    const owner = await startOwner(dataDir);
    expect(urlOf(owner)).toContain('gatehouse_root');
    const database = statSync(join(dataDir, 'postgres/data'));
    expect(database.uid).not.toBe(0);
    expect(database.mode & 0o777).toBe(0o700);
    await endInOrder(owner);
  });

  test('lets no other account in, not even when the socket itself lies open', async () => {
    const owner = await startOwner(join(root, 'peer'));
    const attempt = () => connectAs(ordinaryUser, socketFolder(owner));
    expect(attempt()).toContain('EACCES');
    chmodSync(socketFolder(owner), 0o755);
    chmodSync(join(socketFolder(owner), '.s.PGSQL.5432'), 0o777);
    expect(attempt()).toContain('Peer authentication failed');
    await endInOrder(owner);
  });

  test('moves to /var/lib/gatehouse, and says so, where that user cannot reach the folder; opens nothing', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const dataDir = join(closed, 'data');
    const first = await startOwner(dataDir);
    const place = /the database lies in (\S+)\./.exec(first.told())?.[1] ?? '';
    expect(place).toMatch(/^\/var\/lib\/gatehouse\//);
    expect(statSync(closed).mode & 0o777).toBe(0o700);
    await query(urlOf(first), 'CREATE TABLE kept (id int)');
    await endInOrder(first);

    const second = await startOwner(dataDir);
    expect(await query(urlOf(second), 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
    await endInOrder(second);
    rmSync(place, { recursive: true });
  });

  test.runIf(hasNamespaces)('uses a user namespace where root may not change users', async () => {
    const dataDir = join(root, 'no-capabilities');
    const owner = await startOwner(dataDir, undefined, [
      'setpriv',
      '--bounding-set',
      '-setuid,-setgid,-chown',
    ]);
    expect(await query(urlOf(owner), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(statSync(join(dataDir, 'postgres/data')).uid).toBe(0);
    await endInOrder(owner);
  });
});

describe.runIf(asRoot && process.platform === 'linux')('started by a root without any capability', () => {
  test('says what to do instead', async () => {
    const { answer } = await startOwner(join(root, 'powerless'), undefined, [
      'setpriv',
      '--bounding-set',
      '-all',
    ]);
    expect(answer).toMatchObject({
      code: 'no_os_user',
      message: expect.stringContaining('DATABASE_URL') as string,
    });
  });
});

describe.runIf(openToOthers)('started by an ordinary user', () => {
  test('runs everything as that user and closes the data folder to others', async () => {
    const dataDir = join(root, 'ordinary');
    mkdirSync(dataDir, { mode: 0o755 });
    chownSync(dataDir, ordinaryUser, ordinaryUser);
    const owner = await startOwner(dataDir, ordinaryUser);
    expect(await query(urlOf(owner), 'SELECT 1 AS one').catch((error: unknown) => String(error))).toContain(
      'Peer authentication failed',
    );
    expect(statSync(join(dataDir, 'postgres/data')).uid).toBe(ordinaryUser);
    await endInOrder(owner);
  });

  test('says that the folder cannot be written', async () => {
    const dataDir = join(root, 'not-writable');
    mkdirSync(dataDir, { mode: 0o755 });
    const { answer } = await startOwner(dataDir, ordinaryUser);
    expect(answer).toMatchObject({
      code: 'folder_not_writable',
      message: expect.stringContaining(dataDir) as string,
    });
  });

  test('says whose the database is when root made it', async () => {
    const dataDir = join(root, 'made-by-root');
    await endInOrder(await startOwner(dataDir));
    chmodSync(dataDir, 0o755);
    chmodSync(join(dataDir, 'postgres'), 0o755);
    const { answer } = await startOwner(dataDir, ordinaryUser);
    expect(answer).toMatchObject({ code: 'folder_of_another_user' });
  });
});

/** What a client of another account is told; it is loaded as root and then steps down. */
function connectAs(userId: number, folder: string): string {
  const program = `
    import pg from 'pg';
    process.setgroups([]); process.setgid(${userId}); process.setuid(${userId});
    const client = new pg.Client({ host: ${JSON.stringify(folder)}, user: 'gatehouse_root', database: 'postgres' });
    await client.connect().then(() => console.log('connected'), (error) => console.log(error.message));
    process.exit();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: here,
    encoding: 'utf8',
  });
  return stdout + stderr;
}
