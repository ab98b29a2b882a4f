import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVault, type TestVault } from '@gatehouse/testing';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { resolveSecrets } from './secrets.ts';

const KEY = 'pD8m0s3o1qVfB5l7c2Xk9yTz4wEr6uAhJnGbLxQvKt0=';
const BEFORE = 'c2Xk9yTz4wEr6uAhJnGbLxQvKt0pD8m0s3o1qVfB5l4=';

let vault: TestVault;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-secrets-'));
  vault = await startVault();
  vault.secrets.set('secret/gatehouse', {
    master_key: KEY,
    before: BEFORE,
    smtp: 'smtp://a:b@mail.corp.internal',
  });
});
afterEach(async () => {
  await vault.close();
  await rm(folder, { recursive: true, force: true });
});

const toVault = (more: Record<string, string> = {}) => ({
  VAULT_ADDR: vault.addr,
  VAULT_TOKEN: vault.token,
  GATEHOUSE_MASTER_KEY: 'vault:secret/data/gatehouse#master_key',
  ...more,
});
const faultOf = async (env: Record<string, string>, timeoutMs = 30_000) => {
  const error: unknown = await resolveSecrets(env, { timeoutMs }).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(Error);
  const { message } = error as Error;
  // One sentence for people, with the name of the setting and no secret.
  expect(message.split('\n')).toHaveLength(1);
  expect(message).not.toContain(vault.token);
  expect(message).not.toContain(KEY);
  return message;
};

describe('secrets in Vault', () => {
  it('are read by reference, in any setting that is secret, each of a list and out of files too', async () => {
    const tokenFile = join(folder, 'token');
    const keyFile = join(folder, 'key');
    await writeFile(tokenFile, `${vault.token}\n`);
    await writeFile(keyFile, 'vault://secret/data/gatehouse#master_key\n');
    const env = await resolveSecrets({
      VAULT_ADDR: vault.addr,
      VAULT_TOKEN_FILE: tokenFile,
      VAULT_NAMESPACE: 'team/a',
      GATEHOUSE_MASTER_KEY_FILE: keyFile,
      GATEHOUSE_MASTER_KEY_PREVIOUS: `vault:secret/data/gatehouse#before, ${KEY}`,
      SMTP_URL: 'vault:secret/data/gatehouse#smtp',
      // Not a secret: no reference.
      GATEHOUSE_NAME: 'vault:secret/data/gatehouse#master_key',
    });
    const config = parseConfig(env, folder);
    expect(config.masterKey).toBe(KEY);
    expect(config.masterKeyPrevious).toEqual([BEFORE, KEY]);
    expect(config.smtpUrl).toBe('smtp://a:b@mail.corp.internal');
    expect(config.name).toBe('vault:secret/data/gatehouse#master_key');
    expect(vault.asked.every(({ namespace }) => namespace === 'team/a')).toBe(true);
  });

  it('may be a master key that transit has wrapped', async () => {
    vault.wrapped.set('vault:v3:AbC+/=', KEY);
    const env = await resolveSecrets(
      toVault({ GATEHOUSE_MASTER_KEY: 'vault:transit/decrypt/gatehouse#vault:v3:AbC+/=' }),
    );
    expect(parseConfig(env, folder).masterKey).toBe(KEY);
    expect(
      await faultOf(toVault({ GATEHOUSE_MASTER_KEY: 'vault:transit/decrypt/gatehouse#vault:v1:other' })),
    ).toMatch(/GATEHOUSE_MASTER_KEY: it refuses to decrypt/);
  });

  it('are reached by AppRole, with one login for all of them', async () => {
    const { VAULT_TOKEN: _, ...rest } = toVault({ SMTP_URL: 'vault:secret/data/gatehouse#smtp' });
    const { roleId, secretId } = vault.approle;
    const env = await resolveSecrets({ ...rest, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId });
    expect(env.GATEHOUSE_MASTER_KEY).toBe(KEY);
    expect(vault.asked.filter(({ path }) => path === 'auth/approle/login')).toHaveLength(1);
    expect(await faultOf({ ...rest, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: 'wrong' })).toContain(
      'refuses the login',
    );
    expect(await faultOf(rest)).toContain('VAULT_TOKEN is needed');
  });

  it('are reached with the account of a pod', async () => {
    const { VAULT_TOKEN: _, ...rest } = toVault({ VAULT_KUBERNETES_ROLE: vault.kubernetes.role });
    const accountTokenFile = join(folder, 'pod-token');
    await writeFile(accountTokenFile, `${vault.kubernetes.jwt}\n`);
    expect((await resolveSecrets(rest, { accountTokenFile })).GATEHOUSE_MASTER_KEY).toBe(KEY);
    // This machine is no pod.
    expect(await faultOf(rest)).toContain('VAULT_KUBERNETES_ROLE needs the file /var/run/secrets/');
  });

  it('come over TLS from an authority that VAULT_CACERT names, and from no other', async () => {
    const made = await generate([{ name: 'commonName', value: 'vault' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const secure = await startVault({ tls: { key: made.private, cert: made.cert } });
    try {
      secure.secrets.set('secret/gatehouse', { master_key: KEY });
      const caFile = join(folder, 'ca.pem');
      await writeFile(caFile, made.cert);
      const env = await resolveSecrets(toVault({ VAULT_ADDR: secure.addr, VAULT_CACERT: caFile }));
      expect(env.GATEHOUSE_MASTER_KEY).toBe(KEY);
      expect(await faultOf(toVault({ VAULT_ADDR: secure.addr }))).toContain('certificate is not trusted');
      expect(secure.asked).toHaveLength(1);
    } finally {
      await secure.close();
    }
  });

  it('that cannot be had are one sentence that says what to do', async () => {
    expect(await faultOf(toVault({ VAULT_TOKEN: 'hvs.wrong' }))).toMatch(
      /^GATEHOUSE_MASTER_KEY: it refuses to read secret\/data/,
    );
    expect(await faultOf(toVault({ GATEHOUSE_MASTER_KEY: 'vault:secret/data/other#master_key' }))).toContain(
      'nothing at',
    );
    expect(await faultOf(toVault({ GATEHOUSE_MASTER_KEY: 'vault:secret/data/gatehouse#nope' }))).toContain(
      'no text in the field nope',
    );
    expect(await faultOf(toVault({ GATEHOUSE_MASTER_KEY: 'vault:old/gatehouse#master_key' }))).toContain(
      'version 2',
    );
    for (const reference of [
      'vault:',
      'vault:secret',
      'vault:secret/data/../../sys/seal#x',
      'vault:secret/data/a?b#x',
    ])
      expect(await faultOf(toVault({ GATEHOUSE_MASTER_KEY: reference })), reference).toContain(
        'MOUNT/data/PATH#FIELD',
      );
    vault.state = 'sealed';
    expect(await faultOf(toVault())).toContain('it is sealed');
    vault.state = 'silent';
    expect(await faultOf(toVault(), 300)).toContain('did not answer within 0.3 seconds');
    vault.state = 'not-vault';
    expect(await faultOf(toVault())).toContain('is not Vault');
    expect(await faultOf(toVault({ VAULT_ADDR: 'http://127.0.0.1:1' }))).toContain('cannot be reached');
    const { VAULT_ADDR: _, ...rest } = toVault();
    expect(await faultOf(rest)).toContain('VAULT_ADDR is needed');
    expect(await faultOf(toVault({ VAULT_ADDR: 'vault.corp.internal' }))).toContain(
      'VAULT_ADDR must be a URL',
    );
  });

  it('are asked for only where there is a reference', async () => {
    const env = { GATEHOUSE_MASTER_KEY: KEY, VAULT_ADDR: vault.addr };
    expect(await resolveSecrets(env)).toEqual(env);
    expect(vault.asked).toEqual([]);
  });

  it('that cannot be had end the command line with status 1, and it makes nothing [threat 74]', async () => {
    vault.state = 'sealed';
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'serve'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, GATEHOUSE_DATA_DIR: folder, ...toVault() },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    expect([status, output.trim()]).toEqual([
      1,
      expect.stringMatching(/^gatehouse: GATEHOUSE_MASTER_KEY: it is sealed/),
    ]);
    expect(output).not.toMatch(/\bat .*\(/);
    expect(await readdir(folder)).toEqual([]);
  });
});
