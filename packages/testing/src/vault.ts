import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/** A stand-in for HashiCorp Vault: KV 2, transit's decrypt, AppRole, Kubernetes, and the ways in which Vault says no. */
export interface TestVault {
  addr: string;
  token: string;
  /** By path without `data/`, for instance `secret/gatehouse`. */
  secrets: Map<string, Record<string, unknown>>;
  /** By ciphertext: base64 of what was encrypted. */
  wrapped: Map<string, string>;
  approle: { roleId: string; secretId: string };
  kubernetes: { role: string; jwt: string };
  state: 'unsealed' | 'sealed' | 'silent' | 'not-vault';
  /** What was asked for: method, path, namespace. */
  asked: { method: string; path: string; namespace: string | undefined }[];
  close(): Promise<void>;
}

/**
 * Starts it on a port of its own; with `tls` it speaks HTTPS.
 *
 * @example
 * const vault = await startVault();
 * vault.secrets.set('secret/gatehouse', { master_key: '…' });
 */
export async function startVault(options: { tls?: { key: string; cert: string } } = {}): Promise<TestVault> {
  const listener: http.RequestListener = (request, response) => {
    const path = (request.url ?? '').replace(/^\/v1\//, '');
    const { 'x-vault-token': token, 'x-vault-namespace': namespace } = request.headers;
    vault.asked.push({
      method: request.method ?? '',
      path,
      namespace: typeof namespace === 'string' ? namespace : undefined,
    });
    if (vault.state === 'silent') return;
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (vault.state === 'not-vault') {
      response.end('<!doctype html><title>Welcome</title>');
      return;
    }
    if (vault.state === 'sealed') return answer(503, { errors: ['Vault is sealed'] });
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      if (path === 'auth/approle/login') {
        const { roleId, secretId } = vault.approle;
        if (body.role_id !== roleId || body.secret_id !== secretId)
          return answer(400, { errors: ['invalid role or secret ID'] });
        return answer(200, { auth: { client_token: vault.token, lease_duration: 60 } });
      }
      if (path === 'auth/kubernetes/login') {
        const known = body.role === vault.kubernetes.role && body.jwt === vault.kubernetes.jwt;
        if (!known) return answer(403, { errors: ['permission denied'] });
        return answer(200, { auth: { client_token: vault.token, lease_duration: 60 } });
      }
      if (token !== vault.token) return answer(403, { errors: ['permission denied'] });
      if (path.includes('/decrypt/')) {
        const plaintext = vault.wrapped.get(String(body.ciphertext));
        if (plaintext === undefined) return answer(400, { errors: ['invalid ciphertext'] });
        return answer(200, { data: { plaintext } });
      }
      const [mount, kind, ...rest] = path.split('/');
      // An engine of version 1 answers without the second `data`.
      if (mount === 'old') return answer(200, { data: { master_key: 'x' } });
      const data = kind === 'data' ? vault.secrets.get([mount, ...rest].join('/')) : undefined;
      if (data === undefined) return answer(404, { errors: [] });
      return answer(200, { data: { data, metadata: { version: 1 } } });
    });
  };
  const server = options.tls ? https.createServer(options.tls, listener) : http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const vault: TestVault = {
    addr: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    token: 'hvs.of-the-test-vault-only',
    secrets: new Map(),
    wrapped: new Map(),
    approle: { roleId: 'gatehouse', secretId: 'of-the-test-vault-only' },
    kubernetes: { role: 'gatehouse', jwt: 'of-the-test-pod-only' },
    state: 'unsealed',
    asked: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return vault;
}
