import { ConfigError } from './config.ts';
import { SETTINGS, SettingFault } from './schema.ts';
import { readRaw } from './settings.ts';

type Environment = Record<string, string | undefined>;

const REFERENCE = /^vault:/;
/** A list of secrets holds one reference in each place. */
const SEPARATED = /[\s,]+/;

/**
 * Puts secrets in the place of references to them (`vault:…`), in settings that are secret and not Vault's own. `read` is asked
 * for nothing when there are none, and throws a `SettingFault` that says why a secret cannot be had.
 *
 * @throws {ConfigError} by the name of the setting
 */
export async function resolveReferences(
  env: Environment,
  read: (reference: string) => Promise<string>,
): Promise<Environment> {
  const resolved = { ...env };
  for (const { name, secret } of Object.values(SETTINGS)) {
    if (!secret || name.startsWith('VAULT_')) continue;
    const items = (rawOf(env, name) ?? '').split(SEPARATED);
    if (!items.some((item) => REFERENCE.test(item))) continue;
    try {
      const secrets: string[] = [];
      for (const item of items) secrets.push(REFERENCE.test(item) ? await read(item) : item);
      resolved[name] = secrets.join(',');
      delete resolved[`${name}_FILE`];
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      throw new ConfigError([`${name}: ${error.message}`]);
    }
  }
  return resolved;
}

/** What is wrong with it is told by `parseConfig`, with everything else. */
function rawOf(env: Environment, name: string): string | undefined {
  try {
    return readRaw(env, { name, secret: true });
  } catch (error) {
    if (error instanceof SettingFault) return undefined;
    throw error;
  }
}

export interface VaultEnvironment {
  addr: string;
  namespace: string | undefined;
  caCertFile: string | undefined;
  token: string | undefined;
  roleId: string | undefined;
  secretId: string | undefined;
  kubernetesRole: string | undefined;
}

/** Vault's own settings, which are needed before all others can be read. @throws {ConfigError} */
export function vaultEnvironment(env: Environment): VaultEnvironment {
  const faults: string[] = [];
  const of = (it: { name: string; secret: boolean; parse(text: string | undefined): string | undefined }) => {
    try {
      return it.parse(readRaw(env, it));
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push(`${it.name} ${error.message}.`);
      return undefined;
    }
  };
  const addr = of(SETTINGS.vaultAddr);
  const settings = {
    namespace: of(SETTINGS.vaultNamespace),
    caCertFile: of(SETTINGS.vaultCaCert),
    token: of(SETTINGS.vaultToken),
    roleId: of(SETTINGS.vaultRoleId),
    secretId: of(SETTINGS.vaultSecretId),
    kubernetesRole: of(SETTINGS.vaultKubernetesRole),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  if (addr === undefined) throw new ConfigError(['VAULT_ADDR is needed: a secret is a reference to Vault.']);
  return { addr, ...settings };
}
