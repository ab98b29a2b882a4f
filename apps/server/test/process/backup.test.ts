import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPerson, ADMIN, api, COMMON, type CopyRoom, enter, KEY, openCopyRoom } from './backup.fixture.ts';
import type { HttpBrowser } from './http-browser.fixture.ts';
import { PROGRAM, runProgram, type Service } from './program.fixture.ts';

const ROOT = '00000000-0000-7000-8000-000000000001';
const ANOTHER_KEY = Buffer.alloc(32, 'of another deployment').toString('base64');

let room: CopyRoom;
beforeAll(async () => {
  room = await openCopyRoom();
});
afterAll(() => room.close());

const embedded = (name: string) => ({ ...COMMON, GATEHOUSE_DATA_DIR: room.inFolder(name) });
const emailsIn = async (service: Service, admin: HttpBrowser) =>
  ((await admin.get(api(service, '/users?limit=100'))).body.items as { email: string }[]).map(
    ({ email }) => email,
  );
const unfinished = async () => (await readdir(room.folder)).filter((name) => name.includes('unfinished'));

describe('a copy of the embedded database, made while it serves', () => {
  let early: HttpBrowser;
  let oldKids: string[];
  const kids = async (service: Service) => {
    const set = (await (await fetch(`${service.url}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string }[];
    };
    return set.keys.map(({ kid }) => kid);
  };

  it('says what is in it and under which key, and is there whole', async () => {
    const service = await room.serve(embedded('first'));
    try {
      early = await enter(service);
      oldKids = await kids(service);
      await addPerson(service, early, 'before@example.com');
      const exported = await room.gatehouse(
        embedded('first'),
        'audit',
        'export',
        '--tenant',
        ROOT,
        '--out',
        'before.jsonl',
      );
      expect(exported).toMatchObject({ status: 0, stderr: '' });
      const made = await room.gatehouse(embedded('first'), 'backup', '--out', 'copy.gatehouse');
      expect(made).toMatchObject({ status: 0, stderr: '' });
      expect(made.stdout).toMatch(
        /copy\.gatehouse: \d+ rows of \d+ tables as of .* UTC, \d+ KiB\.\nIt opens with the master key \S+, which is not in it/,
      );
      expect((await stat(room.inFolder('copy.gatehouse'))).mode & 0o777).toBe(0o600);
      // What came after it.
      await addPerson(service, early, 'after@example.com');
      await early.post(api(service, '/auth/logout'));
    } finally {
      await service.stop();
    }
    const checked = await room.gatehouse(embedded('none'), 'restore', '--check', 'copy.gatehouse');
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toMatch(/\n {2}users +2 rows\n[^]*It is whole, and every checksum is right\./);
    const raw = await readFile(room.inFolder('copy.gatehouse'));
    for (const secret of ['before@example.com', 'A Person', KEY]) expect(raw.includes(secret)).toBe(false);
  });

  it('put back, is as it was then: the audit trail verifies, and sessions, links and keys are new', async () => {
    const restored = await room.gatehouse(embedded('second'), 'restore', 'copy.gatehouse');
    expect(restored).toMatchObject({ status: 0, stderr: '' });
    expect(restored.stdout).toMatch(
      /Restored as of .* All sessions and mailed links have ended; start the service\.\n$/,
    );
    const service = await room.serve(embedded('second'));
    try {
      // Ended after the copy was made, and open in it: it must not live again, by its tokens of either kind.
      expect(await early.get(api(service, '/auth/me'))).toMatchObject({ status: 401 });
      expect(await early.post(api(service, '/auth/refresh'))).toMatchObject({ status: 401 });
      const admin = await enter(service);
      expect(await emailsIn(service, admin)).toEqual(
        expect.arrayContaining(['before@example.com', ADMIN.email]),
      );
      expect(await emailsIn(service, admin)).not.toContain('after@example.com');
      for (const kid of await kids(service)) expect(oldKids).not.toContain(kid);
      const records = await admin.get(api(service, '/audit?action=database_restored'));
      expect(records.body.items).toMatchObject([{ resource: { type: 'backup' } }]);
      await addPerson(service, admin, 'later@example.com');
      const settings = embedded('second');
      await room.gatehouse(settings, 'audit', 'export', '--tenant', ROOT, '--out', 'later.jsonl');
      await writeFile(
        room.inFolder('keys.json'),
        (await room.gatehouse(settings, 'audit', 'public-key')).stdout,
      );
    } finally {
      await service.stop();
    }
    const [header] = (await readFile(room.inFolder('before.jsonl'), 'utf8')).split('\n');
    await writeFile(
      room.inFolder('before.checkpoint'),
      (JSON.parse(header ?? '') as { checkpoint: string }).checkpoint,
    );
    const judged = await room.gatehouse(
      {},
      'audit',
      'verify',
      'later.jsonl',
      '--key',
      'keys.json',
      '--since',
      'before.checkpoint',
    );
    expect(judged).toMatchObject({ status: 0, stderr: '' });
    expect(judged.stdout).toContain('none removed, altered or reordered; the log grew from the checkpoint');
  });

  it('put back by a restore that is killed as soon as the rows are there is on record all the same', async () => {
    const settings = embedded('killed');
    const child = spawn(process.execPath, [PROGRAM, 'restore', room.inFolder('copy.gatehouse')], {
      cwd: room.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings },
    });
    const ended = once(child, 'exit');
    let said = '';
    for await (const piece of child.stdout) {
      said += String(piece);
      if (said.includes('made by release')) child.kill('SIGKILL');
    }
    expect(await ended).toEqual([null, 'SIGKILL']);
    const service = await room.serve(settings);
    try {
      const admin = await enter(service);
      const records = await admin.get(api(service, '/audit?action=database_restored'));
      expect(records.body.items).toMatchObject([
        { resource: { type: 'backup' }, after: { rows: expect.any(Number) } },
      ]);
    } finally {
      await service.stop();
    }
  });

  it('is refused by a database that is in use, and by a running service', async () => {
    const again = await room.gatehouse(embedded('second'), 'restore', 'copy.gatehouse');
    expect(again).toMatchObject({ status: 1 });
    expect(again.stderr).toMatch(
      /^\ngatehouse: The database is not empty: Gatehouse has served it\. Restore into a new one/,
    );
  });

  it('goes over no file that is there', async () => {
    const before = await readFile(room.inFolder('copy.gatehouse'));
    const made = await room.gatehouse(embedded('second'), 'backup', '--out', 'copy.gatehouse');
    expect(made).toMatchObject({
      status: 1,
      stderr: '\ngatehouse: --out: copy.gatehouse is there already; name another file.\n',
    });
    expect((await readFile(room.inFolder('copy.gatehouse'))).equals(before)).toBe(true);
  });
});

describe('a file that is no whole copy of this deployment', () => {
  const refused = async (name: string, settings = embedded('untouched')) => {
    for (const args of [
      ['restore', '--check', name],
      ['restore', name],
    ]) {
      const { status, stderr } = await room.gatehouse(settings, ...args);
      expect(status, args.join(' ')).toBe(1);
      if (args.length === 2) return stderr;
      expect(stderr).toMatch(/^\ngatehouse: [^\n]+\n$/);
    }
    return '';
  };
  const altered = async (name: string, change: (copy: Buffer) => Buffer) => {
    await writeFile(
      room.inFolder(name),
      change(Buffer.from(await readFile(room.inFolder('copy.gatehouse')))),
    );
    return refused(name);
  };

  it.each([
    [
      'half',
      (copy: Buffer) => copy.subarray(0, copy.length / 2),
      /is not whole: it was not finished, or its end was cut off/,
    ],
    ['without its last byte', (copy: Buffer) => copy.subarray(0, -1), /is not whole/],
    ['only its first line', (copy: Buffer) => copy.subarray(0, copy.indexOf(10) + 1), /is not whole/],
    [
      'with another byte in its middle',
      (copy: Buffer) =>
        copy.fill((copy[copy.length >> 1] ?? 0) ^ 1, copy.length >> 1, (copy.length >> 1) + 1),
      /was altered or damaged/,
    ],
    [
      'with another date',
      (copy: Buffer) =>
        Buffer.concat([
          Buffer.from(
            copy.toString('latin1', 0, copy.indexOf(10)).replace(/"createdAt":"20/, '"createdAt":"21'),
            'latin1',
          ),
          copy.subarray(copy.indexOf(10)),
        ]),
      /was altered or damaged/,
    ],
    [
      'with something after its end',
      (copy: Buffer) => Buffer.concat([copy, Buffer.from('more')]),
      /was altered or damaged/,
    ],
    [
      'of a later form',
      (copy: Buffer) =>
        Buffer.from(copy.toString('latin1').replace('"gatehouseBackup":1', '"gatehouseBackup":2'), 'latin1'),
      /has the form 2, and this release reads form 1: restore it with the release that made it/,
    ],
    ['of another program', () => Buffer.from('PGDMP…'), /is not a copy that gatehouse backup has made/],
    ['empty', () => Buffer.alloc(0), /is not a copy/],
  ])('%s is refused in a sentence, and nothing is put back', async (name, change, why) => {
    expect(await altered(`${name}.gatehouse`, change)).toMatch(why);
  });

  it('sealed under another master key is refused with the name of the key', async () => {
    const other = { ...embedded('untouched'), GATEHOUSE_MASTER_KEY: ANOTHER_KEY };
    expect(await refused('copy.gatehouse', other)).toMatch(
      /is sealed under the master key \S+, which is not at hand \(\S+\): set GATEHOUSE_MASTER_KEY/,
    );
  });

  it('is refused when it is missing, or a folder', async () => {
    expect(await refused('nowhere.gatehouse')).toMatch(/nowhere\.gatehouse cannot be read \(ENOENT\)/);
    expect(await refused('.')).toMatch(/is a folder/);
  });

  it('leaves the database empty, so that a whole one can be put back there', async () => {
    const restored = await room.gatehouse(embedded('untouched'), 'restore', 'copy.gatehouse');
    expect(restored).toMatchObject({ status: 0, stderr: '' });
  });

  it('is not made of a database under a key that is not its own', async () => {
    const other = { ...embedded('untouched'), GATEHOUSE_MASTER_KEY: ANOTHER_KEY };
    const made = await room.gatehouse(other, 'backup', '--out', 'foreign.gatehouse');
    expect(made).toMatchObject({ status: 1 });
    expect(made.stderr).toMatch(/This database is sealed under the master key \S+, which is not at hand/);
    expect(await readdir(room.folder)).not.toContain('foreign.gatehouse');
  });
});

describe('a disk that is full', () => {
  /** A file system of its own where the machine lets us, of that size; else no file may grow larger. */
  const mounts = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
  const onFullDisk = async (args: string[]) => {
    const disk = room.inFolder('disk');
    await mkdir(disk, { recursive: true });
    const script = mounts
      ? `mount -t tmpfs -o size=8k none ${disk} && "$@"; status=$?; ls -A ${disk} >&2; exit $status`
      : `"$@"; status=$?; ls -A ${disk} >&2; exit $status`;
    const limit = mounts ? ['unshare', '--mount'] : ['prlimit', '--fsize=8192'];
    return runProgram(args, embedded('untouched'), {
      cwd: room.folder,
      before: [...limit, 'sh', '-c', script, 'sh'],
    });
  };

  it.each([
    ['a copy', ['backup', '--out', 'disk/full.gatehouse'], 'full.gatehouse'],
    ['an audit export', ['audit', 'export', '--tenant', ROOT, '--out', 'disk/full.jsonl'], 'full.jsonl'],
  ])('ends %s in one sentence and leaves no file', async (_what, args, name) => {
    const { status, stderr } = await onFullDisk(args);
    expect(status).toBe(1);
    // After the sentence, `ls` names nothing.
    expect(stderr).toMatch(
      new RegExp(
        `^\\ngatehouse: --out: the disk of disk/${name} is full \\((ENOSPC|EFBIG)\\), and nothing was left there\\. [^\\n]+\\n$`,
      ),
    );
  });

  it('leaves nothing unfinished behind in this whole test', async () => {
    expect(await unfinished()).toEqual([]);
  });
});
