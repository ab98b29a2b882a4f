import { Events, OAuth2Server } from 'oauth2-mock-server';
import { HttpError, type Outbound } from '../src/platform/http-client/index.ts';
import type { Answer, TestBrowser } from './browser.fixture.ts';

/** An identity provider of the outside world: on this machine, under the name that it has out there. */
export interface TestProvider {
  issuer: string;
  /** What its ID tokens say beside what the protocol needs; a test sets it before somebody signs in. */
  claims: Record<string, unknown>;
  /** When it says that people proved who they are (`auth_time`): now, at another time, or not at all. */
  provedAt: Date | 'now' | 'not said';
  /** What its user-info endpoint says. */
  userInfo: Record<string, unknown>;
  /** The last word on an ID token, its header and its redirect: for every awkward answer. */
  alter: {
    token?: (payload: Record<string, unknown>, header: Record<string, unknown>) => void;
    redirect?: (url: URL) => void;
    metadata?: (body: Record<string, unknown>) => void;
    answer?: (response: { statusCode: number; body: Record<string, unknown> | '' }) => void;
  };
  /** REST answers by path, as GitHub has them; lists by the page. */
  rest: Record<string, unknown>;
  /** Bodies that its token endpoint got, and credentials. */
  tokenRequests: { body: Record<string, unknown>; authorization: string | undefined }[];
  server: OAuth2Server;
}

export interface TestProviders {
  outbound: Outbound;
  /** Every address that was spoken to. */
  asked: string[];
  /** What stands at an address out there, beside the providers. */
  documents: Map<string, string>;
  add(issuer: string, options?: { aliases?: Record<string, string>; takes?: string }): Promise<TestProvider>;
  /** Follows a redirect to a provider, as a browser does, to the address that it sends the browser back to. */
  authorize(location: string): Promise<URL>;
  /** The whole way: from our link to the provider and back; the answer is that of our callback. */
  signIn(browser: TestBrowser, path: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** The last hop of outbound HTTP, replaced: names of the public internet lead to servers of this test, and nowhere else. */
export function createTestProviders(now: () => Date): TestProviders {
  /** Beginnings of addresses, and what takes their place. */
  const places: [from: string, to: string][] = [];
  const servers: OAuth2Server[] = [];
  const asked: string[] = [];
  const documents = new Map<string, string>();
  const here = (url: string): string => {
    const place = places.toSorted(([a], [b]) => b.length - a.length).find(([from]) => url.startsWith(from));
    if (place === undefined)
      throw new HttpError('unreachable', new Error(`no server of this test is ${url}`));
    return place[1] + url.slice(place[0].length);
  };
  const providers: TestProviders = {
    asked,
    documents,
    outbound: {
      fetch: async (url, options) => {
        asked.push(url);
        const document = documents.get(url);
        if (document !== undefined) return new Response(document);
        return fetch(here(url), { ...options, redirect: 'manual' });
      },
    },
    async add(issuer, { aliases = {}, takes = 'client_secret_basic' } = {}) {
      const server = new OAuth2Server();
      await server.issuer.keys.generate('RS256');
      await server.start(0, '127.0.0.1');
      const base = `http://127.0.0.1:${server.address().port}`;
      server.issuer.url = issuer;
      servers.push(server);
      places.push([issuer, base]);
      for (const [from, to] of Object.entries(aliases)) places.push([from, base + to]);
      const provider: TestProvider = {
        issuer,
        claims: {},
        provedAt: 'now',
        userInfo: {},
        alter: {},
        rest: {},
        tokenRequests: [],
        server,
      };
      const { service } = server;
      service.on(Events.BeforeWellKnownOpenIdConfiguration, ({ body }: { body: Record<string, unknown> }) => {
        Object.assign(body, { token_endpoint_auth_methods_supported: [takes] });
        provider.alter.metadata?.(body);
      });
      service.on(
        Events.BeforeTokenSigning,
        ({ payload, header }: { payload: Record<string, unknown>; header: Record<string, unknown> }) => {
          // Access tokens are signed by the same service.
          if (payload.aud === undefined) return;
          const { provedAt } = provider;
          const said = provedAt === 'now' ? now() : provedAt;
          if (said !== 'not said') payload.auth_time = Math.floor(said.getTime() / 1000);
          Object.assign(payload, provider.claims);
          provider.alter.token?.(payload, header);
        },
      );
      service.on(Events.BeforeUserinfo, ({ body }: { body: Record<string, unknown> }) => {
        Object.assign(body, { sub: provider.claims.sub }, provider.userInfo);
      });
      service.on(Events.BeforeAuthorizeRedirect, ({ url }: { url: URL }) => provider.alter.redirect?.(url));
      service.on(
        Events.BeforeResponse,
        (
          response: { statusCode: number; body: Record<string, unknown> | '' },
          request: { body: Record<string, unknown>; headers: { authorization?: string } },
        ) => {
          provider.tokenRequests.push({ body: request.body, authorization: request.headers.authorization });
          provider.alter.answer?.(response);
        },
      );
      for (const path of ['/user', '/user/emails'])
        service.addRoute('GET', path, (request, response) => {
          response.setHeader('content-type', 'application/json');
          const held = provider.rest[path] ?? null;
          const { searchParams } = new URL(request.url ?? '', issuer);
          const [size, page] = [
            Number(searchParams.get('per_page') ?? 30),
            Number(searchParams.get('page') ?? 1),
          ];
          const shown = Array.isArray(held) ? held.slice((page - 1) * size, page * size) : held;
          response.end(JSON.stringify(shown));
        });
      return provider;
    },
    async authorize(location) {
      const answer = await fetch(here(location), { redirect: 'manual' });
      const back = answer.headers.get('location');
      if (back === null) throw new Error(`the provider answered ${answer.status}: ${await answer.text()}`);
      return new URL(back);
    },
    async signIn(browser, path) {
      const begun = await browser.get(path);
      if (begun.status !== 303) return begun;
      const back = await providers.authorize(String(begun.headers.location));
      return browser.get(`${back.pathname}${back.search}`);
    },
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
  return providers;
}
