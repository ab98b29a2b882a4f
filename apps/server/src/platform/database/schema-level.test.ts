import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { inDatabase, withClient } from '../../../test/database.setup.ts';
import { dbDir } from '../../cli/folders.ts';
import { migrate } from './migrate.ts';

let folder: string;
let adminUrl: string;
let said: string[];
beforeAll(async () => {
  const { adminUrl: server, template } = inject('database');
  const name = `level_${process.pid}`;
  await withClient(server, (client) => client.query(`create database ${name} template ${template}`));
  adminUrl = inDatabase(server, name);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-db-'));
  await cp(dbDir, folder, { recursive: true });
  said = [];
});
afterAll(async () => {
  const { adminUrl: server } = inject('database');
  await withClient(server, (client) => client.query(`drop database level_${process.pid} with (force)`));
  await rm(folder, { recursive: true, force: true });
});

const bring = (dir: string) =>
  migrate({ adminUrl, rolePrefix: 'gatehouse_', dbDir: dir, log: (line) => said.push(line) });
const sql = (text: string) =>
  withClient(adminUrl, async (client) => (await client.query(text)).rows as object[]);
const later = () =>
  writeFile(join(folder, 'migrations', '9000_later.sql'), 'create table gatehouse.later (id uuid)');

describe('a database that a later release has migrated', () => {
  it('is left as it is by the release before, which may serve it', async () => {
    await later();
    // A file of the later release that the one before would undo.
    await writeFile(join(folder, 'policies', 'zz.sql'), 'grant select on gatehouse.later to gatehouse_app');
    expect(await bring(folder)).toEqual({ applied: ['9000_later.sql'] });
    const before = await sql('select * from gatehouse_migrations.level');
    expect(await bring(dbDir)).toEqual({ applied: [] });
    expect(said.at(-1)).toMatch(/^A later release has migrated this database: it is served as it is/);
    expect(await sql('select * from gatehouse_migrations.level')).toEqual(before);
    said = [];
    expect(await bring(folder)).toEqual({ applied: [] });
    expect(said).toEqual([]);
  });

  it('is refused in a sentence by a release that cannot serve it any more', async () => {
    await sql(`update gatehouse_migrations.level set must_know = '9000_later.sql'`);
    await expect(bring(dbDir)).rejects.toThrow(
      /^A later release has migrated this database \(up to 9000_later\.sql\), and its servers must know 9000_later\.sql; .* Start the later release, or restore the copy/,
    );
    await later();
    await bring(folder);
    // What a server must know is never less than it was.
    expect(await sql('select must_know from gatehouse_migrations.level')).toEqual([
      { must_know: '9000_later.sql' },
    ]);
    await sql(`update gatehouse_migrations.level set must_know = '0040_revocations.sql'`);
  });

  it('is refused where it has one migration that is not known here and lacks another that is', async () => {
    await writeFile(join(folder, 'migrations', '8000_other.sql'), 'select 1');
    await expect(bring(folder)).rejects.toThrow(
      /has a migration .* \(9000_later\.sql\) and lacks .* \(8000_other\.sql\)/,
    );
  });
});

describe('a migration that was applied', () => {
  it('may not be changed afterwards', async () => {
    await writeFile(join(folder, 'migrations', '9000_later.sql'), 'create table gatehouse.sooner (id uuid)');
    await expect(bring(folder)).rejects.toThrow(/9000_later\.sql was changed after it had been applied here/);
  });
});
