import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { inDatabase, withClient } from '../../test/database.setup.ts';
import { parseConfig } from '../config/index.ts';
import { masterSealer } from '../master-sealer.ts';
import { CliError } from './cli-error.ts';
import { openDatabase } from './database.ts';
import { rotateMaster } from './keys.ts';

const OLD = randomBytes(32).toString('base64');
const NEW = randomBytes(32).toString('base64');
const log = pino({ level: 'silent' });

/** DATABASE_URL alone, of a role that may create roles: the deployment makes its login role itself. */
describe('the password of a login role that the deployment makes', () => {
  const { adminUrl } = inject('database');
  const name = `own_role_${process.pid}`;
  // Roles belong to the whole cluster, and other tests use theirs.
  const prefix = `own${process.pid}_`;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-own-'));
    await withClient(adminUrl, (client) => client.query(`create database ${name}`));
  });
  afterAll(async () => {
    await withClient(adminUrl, async (client) => {
      await client.query(`drop database ${name} with (force)`);
      for (const role of ['login', 'app', 'system', 'lookup', 'session', 'granter', 'sealer', 'owner'])
        await client.query(`drop role if exists ${prefix}${role}`);
    });
    await rm(dataDir, { recursive: true, force: true });
  });

  const configOf = (keys: Record<string, string>) =>
    parseConfig(
      {
        GATEHOUSE_DATA_DIR: dataDir,
        // A URL of a socket has no host, which a setting has to have; the one in the query counts.
        DATABASE_URL: inDatabase(adminUrl, name).replace('@/', '@localhost/'),
        DATABASE_ROLE_PREFIX: prefix,
        ...keys,
      },
      dataDir,
    );
  async function passwordWith(keys: Record<string, string>): Promise<string> {
    const config = configOf(keys);
    const database = await openDatabase(config, masterSealer(config), log);
    await database.stop();
    return new URL(database.url).password;
  }

  it('stays the same while the master key rotates, and no process is locked out by another', async () => {
    const both = { GATEHOUSE_MASTER_KEY: NEW, GATEHOUSE_MASTER_KEY_PREVIOUS: OLD };
    const password = await passwordWith({ GATEHOUSE_MASTER_KEY: OLD });
    expect(password.length).toBeGreaterThan(20);
    expect(await passwordWith({ GATEHOUSE_MASTER_KEY: OLD })).toBe(password);
    // The mark of the first start, which says that the old key is in use.
    await rotateMaster(configOf({ GATEHOUSE_MASTER_KEY: OLD }), log, () => undefined);
    expect(await passwordWith(both)).toBe(password);
    const said: string[] = [];
    await rotateMaster(configOf(both), log, (line) => said.push(line));
    expect(said.join('\n')).toContain('may be dropped');
    expect(await passwordWith({ GATEHOUSE_MASTER_KEY: NEW })).toBe(password);
    const refused = await passwordWith({ GATEHOUSE_MASTER_KEY: OLD }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CliError);
    expect(String(refused)).toContain('GATEHOUSE_MASTER_KEY is not the key');
  });
});
