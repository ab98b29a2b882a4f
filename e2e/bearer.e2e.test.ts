import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Gatehouse } from '@gatehouse/browser';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countCalls, launchBrowser, newVisitor, signIn, type Visitor } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';

/** What the front end puts on its window, for the test to drive. */
type FrontEnd = Window & { gatehouse: Gatehouse };

let frontEnd: Server;
let origin: string;
let deployment: Deployment;
let browser: Browser;

/** A front end of its own, on another origin than Gatehouse, with the browser package in its bundle. */
async function startFrontEnd(): Promise<Server> {
  const sdk = fileURLToPath(new URL('../packages/browser/src/index.ts', import.meta.url));
  const contents = `
    import { createGatehouse } from ${JSON.stringify(sdk)};
    const baseUrl = new URLSearchParams(location.search).get('gatehouse');
    window.gatehouse = createGatehouse({ baseUrl, client: 'portal', tokenMode: 'bearer' });
    window.gatehouse.start();`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const server = createServer((request, response) => {
    const isScript = request.url?.startsWith('/app.js');
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? outputFiles[0]?.text : '<!doctype html><script type="module" src="/app.js"></script>',
    );
  }).listen(0, 'localhost');
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  frontEnd = await startFrontEnd();
  origin = `http://localhost:${(frontEnd.address() as AddressInfo).port}`;
  [deployment, browser] = await Promise.all([startDeployment({ ALLOW_ORIGINS: origin }), launchBrowser()]);
  const page = await (await newVisitor(browser, deployment.url)).openTab();
  await signIn(page);
  const status = await page.evaluate(async (allowed) => {
    const me = await fetch('/api/v1/auth/me');
    const response = await fetch('/api/v1/clients', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': me.headers.get('x-csrf-token') ?? '' },
      body: JSON.stringify({
        clientId: 'portal',
        name: 'Portal',
        kind: 'spa',
        tokenMode: 'bearer',
        origins: [allowed],
      }),
    });
    return response.status;
  }, origin);
  if (status !== 201) throw new Error(`the client was not registered: ${status}`);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
  frontEnd?.close();
});

const openFrontEnd = (visitor: Visitor): Promise<Page> =>
  visitor.openTab(`${origin}/?gatehouse=${encodeURIComponent(deployment.url)}`);

const statusOf = async (page: Page, status: string): Promise<void> => {
  await page.waitForFunction(
    (wanted) => (window as unknown as FrontEnd).gatehouse?.getState().status === wanted,
    status,
  );
};

const read = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { gatehouse } = window as unknown as FrontEnd;
    return (await gatehouse.fetch('/api/v1/users')).status;
  });

/** From now on the server refuses the tokens that were used before, as if they had expired. */
async function expireTokens(visitor: Visitor, used: ReadonlySet<string>): Promise<void> {
  const spent = new Set(used);
  await visitor.context.route('**/api/v1/users', async (route) => {
    const token = route.request().headers().authorization ?? '';
    if (!spent.has(token)) return route.continue();
    const problem = { type: 'about:blank', title: '', status: 401, code: 'auth.token_invalid', detail: '' };
    const headers = { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
    await route.fulfill({ status: 401, headers, json: problem });
  });
}

describe('a front end on another origin, with bearer tokens', () => {
  it('signs in, shares one renewal among its tabs, is restored by a reload and signs out in all of them', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const renewals = countCalls(visitor, '/api/v1/auth/refresh');
    const used = new Set<string>();
    visitor.context.on('request', (request) => {
      const token = request.headers().authorization;
      if (token) used.add(token);
    });

    const first = await openFrontEnd(visitor);
    await statusOf(first, 'signed-out');
    await first.evaluate((credentials) => {
      const { gatehouse } = window as unknown as FrontEnd;
      return gatehouse.signIn(credentials);
    }, administrator);
    await statusOf(first, 'signed-in');
    const before = renewals();

    const second = await openFrontEnd(visitor);
    await statusOf(second, 'signed-in');
    expect(renewals(), 'the second tab asks the first one for the token').toBe(before);

    await expireTokens(visitor, used);
    expect(await Promise.all([read(first), read(second), read(first), read(second)])).toEqual([
      200, 200, 200, 200,
    ]);
    expect(renewals()).toBe(before + 1);

    await second.close();
    await first.reload();
    await statusOf(first, 'signed-in');
    expect(renewals()).toBe(before + 2);
    const stored = await first.evaluate(() =>
      JSON.stringify([document.cookie, Object.entries(localStorage), Object.entries(sessionStorage)]),
    );
    expect(stored).toBe('["",[],[]]');

    const third = await openFrontEnd(visitor);
    await statusOf(third, 'signed-in');
    await third.evaluate(() => (window as unknown as FrontEnd).gatehouse.signOut());
    await statusOf(first, 'signed-out');
    expect(visitor.faults()).toEqual([]);
  });
});
