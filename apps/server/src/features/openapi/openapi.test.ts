import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  requestBody?: { content: Record<string, { example?: unknown }> };
  responses: Record<string, { description?: string; content?: Record<string, { example?: unknown }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

let gatehouse: TestServer;
let document: Document;
let operations: [string, Operation][];
beforeAll(async () => {
  gatehouse = await startServer();
  document = (await gatehouse.browser().get('/openapi.json')).body as unknown as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});
afterAll(() => gatehouse.close());

describe('GET /openapi.json', () => {
  it('is OpenAPI 3.1 and names every declared route that is not a page', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const declared = gatehouse.server.app.declaredRoutes
      .filter(
        ({ method, url }) =>
          method !== 'HEAD' &&
          ['/api/', '/access/', '/oauth2/', '/health/', '/.well-known/'].some((place) =>
            url.startsWith(place),
          ),
      )
      .map(({ method, url }) => `${method} ${url.replaceAll(/:([A-Za-z]+)/g, '{$1}')}`);
    expect(operations.map(([name]) => name).toSorted()).toEqual(declared.toSorted());
    expect(declared.length).toBeGreaterThan(20);
  });

  it('says of every operation what it does, who may, and under which unique name', () => {
    for (const [name, operation] of operations) {
      expect(operation.summary, name).toBeTruthy();
      expect(operation.tags?.length, name).toBeGreaterThan(0);
      expect(operation.description, name).toMatch(/Access: .+\.$/);
      expect(operation.security, name).toBeDefined();
    }
    const ids = operations.map(([, operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
  });

  it('gives every body and every answer with a body an example', () => {
    for (const [name, operation] of operations) {
      for (const media of Object.values(operation.requestBody?.content ?? {}))
        expect(media.example, name).toBeDefined();
      for (const [status, answer] of Object.entries(operation.responses)) {
        expect(answer.description, `${name} ${status}`).toBeTruthy();
        for (const media of Object.values(answer.content ?? {}))
          expect(media.example, `${name} ${status}`).toBeDefined();
      }
    }
  });

  it('names an error for every operation that can refuse, as problem details', () => {
    for (const [name, operation] of operations) {
      const errors = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
      if (/GET \/(health\/live|\.well-known|api\/v1\/auth\/options)/.test(name)) continue;
      expect(errors.length, name).toBeGreaterThan(0);
      for (const [status, answer] of errors) {
        // The errors of the token endpoint are those of RFC 6749 §5.2; whoever asks too often gets ours before.
        const isOfOAuth = name === 'POST /oauth2/token' && status !== '429';
        expect(Object.keys(answer.content ?? {}), name).toEqual([
          isOfOAuth ? 'application/json' : 'application/problem+json',
        ]);
      }
    }
  });

  it('is one and the same document all the time: 304 for whoever has it', async () => {
    const browser = gatehouse.browser();
    const first = await browser.get('/openapi.json');
    const etag = String(first.headers.etag);
    expect(first.headers['content-type']).toContain('application/json');
    for (const held of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const again = await browser.get('/openapi.json', { 'if-none-match': held });
      expect([again.status, again.text, again.headers.etag], held).toEqual([304, '', etag]);
    }
    for (const held of ['"other"', '', 'W/']) {
      const again = await browser.get('/openapi.json', { 'if-none-match': held });
      expect([again.status, again.text], held).toEqual([200, first.text]);
    }
  });

  it('is packed for whoever takes it so, and for nobody else', async () => {
    const get = (coding: string) =>
      gatehouse.server.app.inject({ url: '/openapi.json', headers: { 'accept-encoding': coding } });
    const plainLength = (await get('')).rawPayload.length;
    for (const coding of ['gzip', 'br, GZIP;q=0.5', '*', 'identity;q=0, gzip ; q=1.0']) {
      const packed = await get(coding);
      expect(packed.headers, coding).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(JSON.parse(gunzipSync(packed.rawPayload).toString('utf8')), coding).toEqual(document);
      expect(packed.rawPayload.length).toBeLessThan(plainLength / 6);
    }
    for (const coding of ['', 'br', 'gzip;q=0', 'gzip;q=0.000', 'x-gzip-not', 'gzip;q=junk']) {
      const plain = await get(coding);
      expect(plain.headers['content-encoding'], coding).toBeUndefined();
      expect(plain.json(), coding).toEqual(document);
    }
  });
});
