import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PersonalData } from '@gatehouse/contracts';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ADA = 'ada@cli.example';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-person-cli-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function gatehouse(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LOG_LEVEL: 'error', GATEHOUSE_DATA_DIR: folder },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout, stderr };
}
const person = (...args: string[]) => gatehouse('person', ...args);

describe('gatehouse person', () => {
  it('export writes the document that the contracts describe, for the operator’s eyes alone', async () => {
    await gatehouse('admin', 'create', '--email', ADA, '--name', 'Ada');
    const none = await person('export', '--email', ADA, '--out', 'none.json');
    // She has not proved her address, so that nobody signs in with it yet.
    expect([none.status, none.stderr]).toMatchObject([1, expect.stringMatching(/Nobody signs in with this/)]);
    await gatehouse('admin', 'create', '--email', 'second@cli.example');
    const made = await gatehouse('audit', 'export', '--tenant', ROOT, '--out', 'audit.jsonl');
    expect(made.status).toBe(0);
    const id = /"action":"user_created".*?"resource":\{"type":"user","id":"([0-9a-f-]{36})"/.exec(
      await readFile(join(folder, 'audit.jsonl'), 'utf8'),
    )?.[1];
    ada = ['--tenant', ROOT, '--user', id ?? ''];
    const exported = await person('export', ...ada, '--out', 'ada.json');
    expect(exported, exported.stderr).toMatchObject({ status: 0, stderr: '' });
    const document = JSON.parse(await readFile(join(folder, 'ada.json'), 'utf8')) as PersonalData;
    expect([...Compile(PersonalData).Errors(document)]).toEqual([]);
    expect(document.person).toMatchObject({ email: ADA, name: 'Ada' });
    expect(document.records.at(-1)).toMatchObject({ action: 'data_exported', after: { by: 'operator' } });
    expect((await stat(join(folder, 'ada.json'))).mode & 0o777).toBe(0o600);
    const again = await person('export', ...ada, '--out', 'ada.json');
    expect([again.status, again.stderr]).toMatchObject([1, expect.stringMatching(/is there already/)]);
  });

  it('consents and withdraw-consent read and note down what there is', async () => {
    expect((await person('consents', ...ada)).stdout).toBe('Nothing was ever consented to.\n');
    const refused = await person('withdraw-consent', ...ada, '--purpose', 'product-news');
    expect([refused.status, refused.stderr]).toMatchObject([1, expect.stringMatching(/no consent to this/)]);
  });

  it('erase needs --yes, and leaves nothing to export; the trail verifies', async () => {
    expect((await person('erase', ...ada)).stderr).toMatch(/cannot be undone/);
    const erased = await person('erase', ...ada, '--yes');
    expect(erased, erased.stderr).toMatchObject({ status: 0 });
    expect(erased.stdout).toMatch(/^Erased: [0-9a-f-]{36}\./);
    const gone = await person('export', ...ada, '--out', 'gone.json');
    expect([gone.status, gone.stderr]).toMatchObject([1, expect.stringMatching(/no such user/)]);
    expect((await person('erase', ...ada, '--yes')).status).toBe(1);
    await gatehouse('audit', 'export', '--tenant', ROOT, '--out', 'after.jsonl');
    expect(await readFile(join(folder, 'after.jsonl'), 'utf8')).not.toContain(ADA);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(folder, 'keys.json'), (await gatehouse('audit', 'public-key')).stdout);
    const verified = await gatehouse('audit', 'verify', 'after.jsonl', '--key', 'keys.json');
    expect(verified, verified.stdout).toMatchObject({ status: 0 });
  });

  it.each([
    [['export', '--out', 'x.json'], 1, /Say who/],
    [['export', '--email', 'no address', '--out', 'x.json'], 1, /Nobody signs in/],
    [['export', '--tenant', 'x', '--user', 'y', '--out', 'x.json'], 1, /take ids/],
    [['erase', '--tenant', '00000000-0000-7000-8000-000000000001', '--yes'], 1, /Say who/],
    [['export', '--email', ADA], 2, /--out/],
    [['erase', '--email', ADA, '--user', 'x', '--yes'], 2, /cannot be used/],
  ])('%j ends with status %i and says what to do', async (args, status, said) => {
    const answer = await person(...args);
    expect([answer.status, answer.stderr]).toMatchObject([status, expect.stringMatching(said)]);
  });

  it('--help teaches: who is meant, what goes and what stays', async () => {
    const { stdout } = await person('erase', '--help');
    expect(stdout).toMatch(/--email ada@example.com --yes/);
    expect(stdout).toMatch(/The records stay, and verify/);
  });
});

const ROOT = '00000000-0000-7000-8000-000000000001';
let ada: string[];
