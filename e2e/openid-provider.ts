import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '../apps/server/test/saml-provider.fixture.ts';

/** An OpenID provider of another author, with pages to sign in and to consent; it has no types. */
const { default: Provider } = createRequire(import.meta.url)('oidc-provider') as {
  default: new (
    issuer: string,
    configuration: object,
  ) => { callback(): (request: IncomingMessage, response: ServerResponse) => void };
};

/** What the deployment finds on the public internet. */
export interface World {
  /** Ports of this machine, by the name that a server has out there. */
  places: Record<string, number>;
  /** TXT records, by name. */
  texts: Record<string, string[]>;
}

export interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

export interface Providers {
  /** For the process that is to reach them. */
  readonly env: Record<string, string>;
  /** For the browser that is to. */
  readonly flags: readonly string[];
  /** Puts a provider in service. It takes whoever signs in there at their word: the login is subject and address, which is verified. */
  add(registration: Registration): void;
  /** Publishes a TXT record. */
  publish(name: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

const accountOf = (login: string) => ({
  accountId: login,
  claims: () => ({ sub: login, email: login, email_verified: true, name: `Somebody called ${login}` }),
});

/** Providers of these names, on this machine: in the addresses of the browser and of the deployment they stand where they stand out there. */
export async function startProviders(names: readonly string[]): Promise<Providers> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-providers-'));
  const [certificate, file] = [join(folder, 'ca.pem'), join(folder, 'world.json')];
  const { cert, private: key } = await makeKey('providers', {
    extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2 as const, value })) }],
  });
  await writeFile(certificate, cert);
  const callbacks = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const server = createServer({ cert, key }, (request, response) => {
    const answer = callbacks.get(request.headers.host ?? '');
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const world: World = { places: Object.fromEntries(names.map((name) => [name, port])), texts: {} };
  const write = () => writeFile(file, JSON.stringify(world));
  await write();
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return {
    env: {
      NODE_OPTIONS: `--import=${new URL('outside-world.ts', import.meta.url).href}`,
      NODE_EXTRA_CA_CERTS: certificate,
      E2E_WORLD: file,
    },
    flags: [
      `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1:${port}`).join(',')}`,
      '--ignore-certificate-errors',
    ],
    add({ issuer, clientId, clientSecret, redirectUri }) {
      const provider = new Provider(issuer, {
        clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
        clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
        findAccount: (_context: unknown, login: string) => accountOf(login),
        cookies: { keys: ['a-key-of-this-test'] },
        jwks: { keys: [{ ...signing, kid: 'one', use: 'sig', alg: 'RS256' }] },
      });
      callbacks.set(new URL(issuer).host, provider.callback());
    },
    async publish(name, text) {
      (world.texts[name] ??= []).push(text);
      await write();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
