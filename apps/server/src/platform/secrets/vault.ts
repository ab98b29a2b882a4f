import { HttpError, requestJsonOfOperator } from '../http-client/index.ts';
import { type SecretSource, SecretSourceError } from './secret-source.ts';

export interface VaultSettings {
  addr: string;
  namespace?: string | undefined;
  /** PEM. */
  ca?: string | undefined;
  login:
    | { kind: 'token'; token: string }
    | { kind: 'approle'; roleId: string; secretId: string }
    | { kind: 'kubernetes'; role: string; jwt: string };
  timeoutMs?: number | undefined;
}

/** `vault:secret/data/gatehouse#master_key` (KV 2), `vault:transit/decrypt/gatehouse#vault:v1:…` (a key that was wrapped). */
const REFERENCE = /^vault:(?:\/\/)?((?:[\w~-][\w.~-]*\/)+[\w~-][\w.~-]*)#(\S+)$/;
const WRAPPED = /^vault:v\d+:/;

/** HashiCorp Vault over its HTTP interface (developer.hashicorp.com/vault/api-docs); OpenBao speaks the same. */
export function createVaultSource(settings: VaultSettings): SecretSource {
  const { addr, namespace, ca, timeoutMs = 5000 } = settings;
  const fault = (what: string) => new SecretSourceError(`${what} (Vault at ${new URL(addr).origin}).`);
  const ask = async (path: string, token: string | undefined, body?: unknown) => {
    try {
      return await requestJsonOfOperator({
        method: body === undefined ? 'GET' : 'POST',
        url: new URL(`/v1/${path}`, addr),
        headers: {
          'x-vault-request': 'true',
          ...(token !== undefined && { 'x-vault-token': token }),
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        },
        ...(body !== undefined && { body }),
        timeoutMs,
        ...(ca !== undefined && { ca }),
      });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      throw fault(
        {
          timeout: `it did not answer within ${timeoutMs / 1000} seconds`,
          refused: 'it sends elsewhere: check VAULT_ADDR',
          unreachable: 'it cannot be reached: check VAULT_ADDR and that it runs',
          certificate: 'its certificate is not trusted: name the authority in VAULT_CACERT',
          'not-json': 'what answers there is not Vault: check VAULT_ADDR',
          'too-large': 'what answers there is not Vault: check VAULT_ADDR',
        }[error.fault],
      );
    }
  };
  const checkStatus = (status: number, of: { path: string; refused: string }) => {
    if (status === 200) return;
    if (status === 503) throw fault('it is sealed or in maintenance: unseal it, then start again');
    if (status === 404) throw fault(`there is nothing at ${of.path}: check path and version of the secret`);
    if (status === 400 || status === 401 || status === 403) throw fault(of.refused);
    throw fault(`it answered ${status} for ${of.path}`);
  };

  const logIn = async (): Promise<string> => {
    const { login } = settings;
    if (login.kind === 'token') return login.token;
    const path = `auth/${login.kind}/login`;
    const { status, body } = await ask(
      path,
      undefined,
      login.kind === 'approle'
        ? { role_id: login.roleId, secret_id: login.secretId }
        : { role: login.role, jwt: login.jwt },
    );
    checkStatus(status, { path, refused: `it refuses the login at ${path}: check role and secret` });
    const token = memberOf(memberOf(body, 'auth'), 'client_token');
    if (typeof token !== 'string') throw fault('it answered the login without a token');
    return token;
  };
  let token: Promise<string> | undefined;

  const unwrap = async (path: string, ciphertext: string) => {
    const { status, body } = await ask(path, await (token ??= logIn()), { ciphertext });
    checkStatus(status, {
      path,
      refused: `it refuses to decrypt at ${path}: check the token's policy and the ciphertext`,
    });
    return memberOf(memberOf(body, 'data'), 'plaintext');
  };
  const readField = async (path: string, field: string) => {
    const { status, body } = await ask(path, await (token ??= logIn()));
    checkStatus(status, { path, refused: `it refuses to read ${path}: check the token and its policy` });
    const data = memberOf(memberOf(body, 'data'), 'data');
    if (typeof data !== 'object' || data === null)
      throw fault(`${path} is no secret of the KV engine, version 2: its path has data/ after the mount`);
    return memberOf(data, field);
  };
  return {
    async read(reference) {
      const [, path, field] = REFERENCE.exec(reference) ?? [];
      if (path === undefined || field === undefined)
        throw new SecretSourceError('a reference to Vault reads vault:MOUNT/data/PATH#FIELD');
      const isTransit = WRAPPED.test(field) && path.includes('/decrypt/');
      const value = await (isTransit ? unwrap : readField)(path, field);
      if (typeof value !== 'string' || value === '')
        throw fault(isTransit ? `${path} gave no plaintext` : `${path} has no text in the field ${field}`);
      return value;
    },
  };
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
