import { readFileSync } from 'node:fs';
import { ConfigError, resolveReferences, SettingFault, vaultEnvironment } from '../config/index.ts';
import {
  createVaultSource,
  type SecretSource,
  SecretSourceError,
  type VaultSettings,
} from '../platform/secrets/index.ts';

type Environment = Record<string, string | undefined>;

/** Where Kubernetes puts the token of a pod's account. */
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Replaced in tests. */
interface Options {
  timeoutMs?: number;
  accountTokenFile?: string;
}

/** The environment with secrets in the place of references to Vault (spec P5). Without one, nobody is asked. */
export function resolveSecrets(env: Environment, options: Options = {}): Promise<Environment> {
  let source: SecretSource | undefined;
  return resolveReferences(env, (reference) => {
    source ??= createVaultSource({ ...vaultSettings(env, options), timeoutMs: options.timeoutMs });
    return source.read(reference).catch((error: unknown) => {
      throw error instanceof SecretSourceError ? new SettingFault(error.message) : error;
    });
  });
}

function vaultSettings(env: Environment, { accountTokenFile }: Options): VaultSettings {
  const { addr, namespace, caCertFile, ...login } = vaultEnvironment(env);
  const ca = caCertFile === undefined ? undefined : read('VAULT_CACERT', caCertFile);
  return { addr, namespace, ca, login: loginOf(login, accountTokenFile) };
}

function loginOf(
  of: Pick<ReturnType<typeof vaultEnvironment>, 'token' | 'roleId' | 'secretId' | 'kubernetesRole'>,
  accountTokenFile = SERVICE_ACCOUNT_TOKEN,
): VaultSettings['login'] {
  if (of.token !== undefined) return { kind: 'token', token: of.token };
  if (of.roleId !== undefined && of.secretId !== undefined)
    return { kind: 'approle', roleId: of.roleId, secretId: of.secretId };
  if (of.kubernetesRole !== undefined) {
    const jwt = read('VAULT_KUBERNETES_ROLE', accountTokenFile).trim();
    return { kind: 'kubernetes', role: of.kubernetesRole, jwt };
  }
  throw new ConfigError([
    'VAULT_TOKEN is needed (or VAULT_TOKEN_FILE; or VAULT_ROLE_ID and VAULT_SECRET_ID; or VAULT_KUBERNETES_ROLE): a secret is a reference to Vault.',
  ]);
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError([`${name} needs the file ${path}, which cannot be read.`]);
  }
}
