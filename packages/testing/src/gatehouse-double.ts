import { SYSTEM_ROLES } from '@gatehouse/contracts';
import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Claims = Record<string, unknown>;

export interface KeyDouble {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey & { kid: string; alg: string; use: string };
}

/** What a Gatehouse shows to the SDK, over HTTP, and able to fail in every way: for what a real one cannot be made to do. */
export interface GatehouseDouble {
  readonly issuer: string;
  readonly keys: KeyDouble[];
  /** How often each path was asked for. */
  readonly asked: Map<string, number>;
  /** An access token of a person; claims that are given take the place of the usual ones, and undefined leaves one out. */
  token(claims?: Claims, header?: Claims, key?: KeyDouble): string;
  /** One of a service, for this audience. */
  serviceToken(audience: string, claims?: Claims): string;
  /** Tells all followers. */
  revoke(match: Claims | Claims[], issuedBefore?: number, kind?: string): void;
  /** `held`: streams stand open and say nothing, as behind a proxy that gathers; `cut`: nobody gets one. */
  feed: 'open' | 'held' | 'cut';
  /** Whom the feed tells about: a tenant, or all. */
  covers: string | null;
  /** What `me` answers: the status, for each token but those that were revoked. */
  me: number | 'hangs';
  /** Of each tenant, but `unserved`, `broken`, and `of-another`, `unsigned` and `a-token`, whose bundles are wrong; a change is told by `revoke` with the kind `access`. */
  roles: Record<string, readonly string[]>;
  policies: object[];
  /** Answers the next requests to the feed, page or stream, with this status. */
  feedStatus: number | undefined;
  /** Breaks off all streams, as a restart does. */
  breakOff(): void;
  close(): Promise<void>;
}

export function keyDouble(kid: string): KeyDouble {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const signDouble = (header: unknown, claims: unknown, { privateKey }: KeyDouble): string => {
  const input = `${part(header)}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
};

export async function startGatehouseDouble(): Promise<GatehouseDouble> {
  const entries: object[] = [];
  const streams = new Set<ServerResponse>();
  const asked = new Map<string, number>();
  const first = keyDouble('first');
  const keys = [first];
  let made = 0;

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://double');
    asked.set(url.pathname, (asked.get(url.pathname) ?? 0) + 1);
    if (url.pathname === '/.well-known/jwks.json') json(response, 200, { keys: keys.map(({ jwk }) => jwk) });
    else if (url.pathname === '/api/v1/revocations/stream') stream(response, url);
    else if (url.pathname === '/api/v1/revocations') page(response, url);
    else if (url.pathname.endsWith('/bundle')) bundle(request, response, url);
    else if (url.pathname === '/api/v1/auth/me') answerMe(request, response);
    else json(response, 404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const double: GatehouseDouble = {
    issuer,
    keys,
    asked,
    feed: 'open',
    covers: null,
    me: 200,
    feedStatus: undefined,
    roles: Object.fromEntries(SYSTEM_ROLES.map(({ name, permissions }) => [name, permissions])),
    policies: [],
    token: (claims, header, key = first) => {
      const iat = Math.floor(Date.now() / 1000);
      const usual = {
        iss: issuer,
        sub: 'user-1',
        aud: issuer,
        client_id: 'console',
        iat,
        exp: iat + 900,
        jti: `token-${(made += 1)}`,
        sid: 'session-1',
        tenant_id: 'tenant-1',
        home_tenant_id: 'tenant-1',
        roles: ['SUPPORT_AGENT'],
        scope: 'openid profile email',
        amr: ['pwd'],
        acr: '1',
        auth_time: iat,
      };
      return signDouble(
        { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header },
        { ...usual, ...claims },
        key,
      );
    },
    serviceToken: (audience, claims) =>
      double.token({
        sub: 'caller-service',
        client_id: 'caller-service',
        aud: audience,
        sid: undefined,
        home_tenant_id: undefined,
        roles: [],
        scope: '',
        ...claims,
      }),
    revoke(match, issuedBefore = Math.floor(Date.now() / 1000) + 1, kind = 'session') {
      const entry = {
        kind,
        tenantId: 'tenant-1',
        matches: [match].flat(),
        issuedBefore,
        time: new Date().toISOString(),
      };
      entries.push(entry);
      for (const each of streams) if (double.feed === 'open') event(each, 'revocation', entry);
    },
    breakOff() {
      for (const each of streams) each.destroy();
      streams.clear();
    },
    close: () => {
      clearInterval(beats);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  const cursor = () => `cursor-${entries.length}`;
  const event = (to: ServerResponse, name: string, data: object) =>
    to.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const beat = (to: ServerResponse) =>
    double.feed === 'open' &&
    event(to, 'heartbeat', { cursor: cursor(), time: new Date().toISOString(), tenantId: double.covers });
  const beats = setInterval(() => {
    for (const each of streams) beat(each);
  }, 200);

  /** Whether the feed answers something else than it should. */
  function fails(response: ServerResponse): boolean {
    if (double.feed === 'cut') response.destroy();
    else if (double.feedStatus !== undefined) json(response, double.feedStatus, {});
    else return false;
    return true;
  }
  function stream(response: ServerResponse, url: URL): void {
    if (fails(response)) return;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    streams.add(response);
    response.once('close', () => streams.delete(response));
    if (double.feed === 'held') return;
    for (const entry of entries.slice(placeIn(url))) event(response, 'revocation', entry);
    beat(response);
  }
  function page(response: ServerResponse, url: URL): void {
    if (fails(response)) return;
    // One at a time, so that what reads them has to ask again.
    const from = placeIn(url);
    const items = entries.slice(from, from + 1);
    const at = from + items.length;
    json(response, 200, {
      items,
      cursor: `cursor-${at}`,
      more: at < entries.length,
      tenantId: double.covers,
      time: '',
    });
  }
  function bundle(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const id = url.pathname.split('/')[4];
    if (id === 'unserved' || id === 'broken') {
      json(response, id === 'broken' ? 500 : 404, {});
      return;
    }
    const { roles, policies } = double;
    const content = {
      tenant: { id: id === 'of-another' ? 'tenant-1' : id, slug: null, type: 'customer' },
      roles,
      policies,
      shadow: [],
      catalog: {
        permissions: Object.values(roles).flat(),
        resources: { 'billing:invoices': { attributes: { owner: 'string' } } },
      },
      services: {},
    };
    const version = createHash('sha256').update(JSON.stringify(content)).digest('base64url');
    if (request.headers['if-none-match'] === `"${version}"`) {
      response.writeHead(304).end();
      return;
    }
    const iat = Math.floor(Date.now() / 1000);
    const header = {
      alg: 'ES256',
      typ: id === 'a-token' ? 'at+jwt' : 'gatehouse-bundle+jwt',
      kid: first.kid,
    };
    const by = id === 'unsigned' ? { ...keyDouble('x'), kid: first.kid } : first;
    const text = signDouble(header, { iss: issuer, iat, ...content, version }, by);
    response.writeHead(200, { 'content-type': 'application/jwt', etag: `"${version}"` }).end(text);
  }
  function answerMe(request: IncomingMessage, response: ServerResponse): void {
    if (double.me === 'hangs') return;
    const claims = claimsOf(request.headers.authorization?.slice(7) ?? '');
    json(response, double.me, {
      user: { id: claims.sub },
      tenant: { id: claims.tenant_id },
      session: { id: claims.sid },
      roles: claims.roles,
      permissions: ['tickets:read'],
    });
  }
  return double;
}

const placeIn = (url: URL) => Number((url.searchParams.get('after') ?? 'cursor-0').slice('cursor-'.length));

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
