import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = '00000000-0000-7000-8000-000000000001';
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-audit-cli-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function audit(args: string[], settings: Record<string, string> = { GATEHOUSE_DATA_DIR: folder }) {
  const child = spawn(process.execPath, [program, 'audit', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout, stderr };
}
/** Without settings, database or server: what an auditor has. */
const verify = (...args: string[]) => audit(['verify', ...args], { GATEHOUSE_MODE: 'nonsense' });

describe('gatehouse audit', () => {
  it('export writes a file that verify judges with the keys of public-key and nothing else', async () => {
    const made = await audit(['export', '--tenant', ROOT, '--out', 'audit.jsonl']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const keys = await audit(['public-key']);
    expect(keys).toMatchObject({ status: 0, stderr: '' });
    await writeFile(join(folder, 'keys.json'), keys.stdout);
    const judged = await verify('audit.jsonl', '--key', 'keys.json');
    expect(judged).toMatchObject({ status: 0, stderr: '' });
    expect(judged.stdout).toMatch(/^audit\.jsonl: records 0 to \d+ of localhost:4000\/audit\//);
    expect(judged.stdout).toMatch(/\nOK: \d+ records, none removed, altered or reordered\.\n$/);
  });

  it('verify names what was altered and what is missing, with exit status 1', async () => {
    const lines = (await readFile(join(folder, 'audit.jsonl'), 'utf8')).trimEnd().split('\n');
    const changed = lines
      .toSpliced(2, 1)
      .map((line, at) => (at === 1 ? line.replace('"system"', '"user"') : line));
    await writeFile(join(folder, 'changed.jsonl'), `${changed.join('\n')}\n`);
    const { status, stdout } = await verify('changed.jsonl', '--key', 'keys.json');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^altered {5}record 0 \([0-9a-f-]{36}\): /m);
    expect(stdout).toMatch(/^removed {5}record 1 \([0-9a-f-]{36}\): /m);
    expect(stdout).toMatch(/^NOT OK: 3 findings/m);
  });

  it('verify --since finds a lost tail, and takes a log that grew', async () => {
    const [header] = (await readFile(join(folder, 'audit.jsonl'), 'utf8')).split('\n');
    await writeFile(
      join(folder, 'old.checkpoint'),
      (JSON.parse(header ?? '') as { checkpoint: string }).checkpoint,
    );
    await audit(['export', '--tenant', ROOT, '--out', 'later.csv', '--format', 'csv']);
    const grown = await verify('later.csv', '--key', 'keys.json', '--since', 'old.checkpoint');
    expect(grown).toMatchObject({ status: 0 });
    expect(grown.stdout).toContain('the log grew from the checkpoint');
    const later = await readFile(join(folder, 'later.csv'), 'utf8');
    const note = /""checkpoint"":""(.*?)"",/.exec(later)?.[1] ?? '';
    await writeFile(join(folder, 'new.checkpoint'), JSON.parse(`"${note}"`) as string);
    const lost = await verify('audit.jsonl', '--key', 'keys.json', '--since', 'new.checkpoint');
    expect(lost.status).toBe(1);
    expect(lost.stdout).toMatch(/^lost tail/m);
  });

  it('retention shows what is set, sets it within the floor, and removes nothing that is young', async () => {
    const shown = await audit(['retention', '--tenant', ROOT]);
    expect(shown).toMatchObject({
      status: 0,
      stdout: 'Records are kept for good.\nNone was ever removed.\n',
    });
    const short = await audit(['retention', '--tenant', ROOT, '--days', '30']);
    expect([short.status, short.stderr]).toMatchObject([1, expect.stringMatching(/for 365 days at least/)]);
    const set = await audit(['retention', '--tenant', ROOT, '--days', '400', '--apply']);
    expect(set.stdout).toBe(
      'Removed now: 0 records, 0 permits.\nRecords are kept for 400 days.\nNone was ever removed.\n',
    );
    expect((await audit(['retention', '--tenant', ROOT, '--forever'])).stdout).toMatch(
      /^Records are kept for good/,
    );
    for (const [args, status, said] of [
      [['--tenant', ROOT, '--days', '400', '--forever'], 2, /cannot be used/],
      [['--tenant', ROOT, '--days', 'x'], 2, /whole number/],
      [['--tenant', ROOT, '--days', '0'], 1, /between 1 and 36500/],
      [['--tenant', 'x'], 1, /there is no tenant/],
      [[], 2, /--tenant/],
    ] as const) {
      const refused = await audit(['retention', ...args]);
      expect([refused.status, refused.stderr], args.join(' ')).toMatchObject([
        status,
        expect.stringMatching(said),
      ]);
    }
    expect((await audit(['retention', '--help'])).stdout).toMatch(/does not come back/);
  });

  it('rotate-key lets a new key sign, and the old one is published beside it', async () => {
    const rotated = await audit(['rotate-key']);
    expect(rotated).toMatchObject({ status: 0, stderr: '' });
    const { keys } = JSON.parse((await audit(['public-key'])).stdout) as {
      keys: { kid: string; status: string }[];
    };
    expect(keys.map(({ status }) => status)).toEqual(['active', 'retired']);
    expect(rotated.stdout).toContain(`${keys[0]?.kid} signs`);
    await writeFile(join(folder, 'both.json'), JSON.stringify({ keys }));
    await audit(['export', '--tenant', ROOT, '--out', 'rotated.jsonl']);
    expect((await verify('rotated.jsonl', '--key', 'both.json', '--since', 'old.checkpoint')).status).toBe(0);
    expect((await verify('rotated.jsonl', '--key', 'keys.json')).stdout).toMatch(
      /^checkpoint {2}it is not signed/m,
    );
  });

  it('refuses what it cannot read with exit status 2, and no stack', async () => {
    await writeFile(join(folder, 'none.json'), '{}');
    for (const args of [
      ['audit.jsonl'],
      ['audit.jsonl', '--key', 'none.json'],
      ['audit.jsonl', '--key', 'nowhere.json'],
      ['nowhere.jsonl', '--key', 'keys.json'],
      ['audit.jsonl', '--key', 'keys.json', '--since', 'nowhere'],
      [],
    ]) {
      const { status, stderr } = await verify(...args);
      expect(status, args.join(' ')).toBe(2);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('export refuses a tenant that is none, a file that is there and a place that is not', async () => {
    for (const [args, word] of [
      [['--tenant', 'acme', '--out', 'x.jsonl'], 'no tenant'],
      [['--tenant', ROOT.replace('1', '2'), '--out', 'x.jsonl'], 'no tenant'],
      [['--tenant', ROOT, '--out', 'audit.jsonl'], 'there already'],
      [['--tenant', ROOT, '--out', 'nowhere/x.jsonl'], 'cannot be written'],
    ] as const) {
      const { status, stderr } = await audit(['export', ...args]);
      expect(status, word).toBe(1);
      expect(stderr).toContain(word);
    }
    expect((await audit(['export', '--tenant', ROOT, '--out', 'y', '--from-seq', 'x'])).status).toBe(2);
    expect((await audit(['export', '--tenant', ROOT, '--out', 'y', '--format', 'pdf'])).status).toBe(2);
  });

  it('--help teaches: what is needed, an example, and what the exit status says', async () => {
    const { status, stdout } = await audit(['verify', '--help']);
    expect(status).toBe(0);
    for (const word of [
      '--since',
      '--partial',
      'gatehouse-audit-keys.json',
      'Exit status',
      'audit verify audit.jsonl',
    ])
      expect(stdout).toContain(word);
    for (const command of ['export', 'public-key'])
      expect((await audit([command, '--help'])).stdout).toContain('Usage');
  });
});
