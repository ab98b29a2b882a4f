import { describe, expect, it } from 'vitest';
import { checkClientSettings, cookieDomainFault, originFault, redirectUriFault } from './client-rules.ts';

describe('redirect addresses', () => {
  it('may be https with any path and query', () => {
    for (const uri of [
      'https://app.example.com',
      'https://app.example.com/',
      'https://app.example.com/callback?source=gatehouse',
      'https://app.example.com:8443/callback',
      'https://xn--bcher-kva.example/callback',
      'https://203.0.113.7/callback',
    ])
      expect(redirectUriFault(uri, 'web'), uri).toBeUndefined();
  });

  it('may be http on a loopback address only', () => {
    for (const uri of ['http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://[::1]:3000/cb'])
      expect(redirectUriFault(uri, 'spa'), uri).toBeUndefined();
    for (const uri of [
      'http://app.example.com/cb',
      'http://localhost.example.com/cb',
      'http://127.0.0.1.example.com/cb',
      'http://10.0.0.1/cb',
      'http://0.0.0.0/cb',
      'http://[::ffff:7f00:1]/cb',
    ])
      expect(redirectUriFault(uri, 'spa'), uri).toMatch(/https/);
  });

  it('may have a scheme made of a domain, for native clients only', () => {
    expect(redirectUriFault('com.example.app:/callback', 'native')).toBeUndefined();
    expect(redirectUriFault('com.example.app://callback', 'native')).toBeUndefined();
    expect(redirectUriFault('com.example.app:/callback', 'web')).toMatch(/https/);
    for (const uri of [
      'myapp:/cb',
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'ftp://a.example/',
    ])
      expect(redirectUriFault(uri, 'native'), uri).toBeDefined();
  });

  it('are refused wherever a browser would read them differently from how they are written [threat 58]', () => {
    for (const uri of [
      'https://app.example.com/cb#fragment',
      'https://*.example.com/cb',
      'https://app.example.com/*',
      'https://app.example.com/%2A',
      'https://app.example.com\\@evil.example/cb',
      'https://user@app.example.com/cb',
      'https://user:secret@app.example.com/cb',
      'https://app.example.com@evil.example/cb',
      'https://app.example.com/a/../cb',
      'https://app.example.com/./cb',
      'https://app.example.com/%2e%2e/cb',
      'https://APP.example.com/cb',
      'HTTPS://app.example.com/cb',
      'https:app.example.com/cb',
      'https:/app.example.com/cb',
      'https:///app.example.com/cb',
      'https://app.example.com:443/cb',
      'https://app.example.com/c b',
      'https://bücher.example/cb',
      'https://{tenant}.example.com/cb',
      'https://app.example.com./cb',
      'https://0x7f.1/cb',
      'https://2130706433/cb',
      'https://app.example.com/cb\t',
      ' https://app.example.com/cb',
      'https://app。example.com/cb',
      '//app.example.com/cb',
      '/callback',
      'https://',
      'https://?',
      '',
    ])
      expect(redirectUriFault(uri, 'web'), JSON.stringify(uri)).toBeDefined();
  });
});

describe('origins', () => {
  it('are https, or http on a loopback address, as browsers send them', () => {
    for (const origin of [
      'https://app.example.com',
      'https://app.example.com:8443',
      'http://localhost:5173',
      'http://[::1]',
    ])
      expect(originFault(origin), origin).toBeUndefined();
    for (const origin of [
      'http://app.example.com',
      'https://app.example.com/',
      'https://app.example.com:443',
      'https://APP.example.com',
      'https://app.example.com/path',
      'null',
      '*',
      'https://*.example.com',
      'file://',
      'com.example.app:',
    ])
      expect(originFault(origin), origin).toBeDefined();
  });
});

describe('cookie domains', () => {
  it('look like a name that somebody can register', () => {
    for (const domain of [
      'example.com',
      'apps.example.co.uk',
      'example.co.uk',
      't.co',
      'xn--bcher-kva.example',
      'a.localhost',
    ])
      expect(cookieDomainFault(domain), domain).toBeUndefined();
    for (const domain of [
      'localhost',
      'com',
      'co.uk',
      'com.au',
      'or.jp',
      'github.io',
      '203.0.113.7',
      '1.2',
      'example.123',
      'example..com',
      'example.com.',
      '.example.com',
      '-a.example.com',
      'a-.example.com',
      'EXAMPLE.com',
      'exa_mple.com',
      `${'a'.repeat(64)}.com`,
      '',
    ])
      expect(cookieDomainFault(domain), domain).toBeDefined();
  });

  it('hold all origins of the client, and mean something in cookie mode only', () => {
    const settings = {
      name: 'App',
      tokenMode: 'cookie',
      redirectUris: [],
      origins: ['https://app.example.com', 'https://example.com'],
      cookieDomain: 'example.com',
    };
    expect(() => checkClientSettings('spa', settings)).not.toThrow();
    for (const origin of ['https://example.org', 'https://badexample.com', 'http://localhost:3000']) {
      const wrong = { ...settings, origins: ['https://example.com', origin] };
      expect(() => checkClientSettings('spa', wrong), origin).toThrow(
        expect.objectContaining({
          code: 'request.invalid',
          options: expect.objectContaining({
            errors: [{ path: 'body/origins/1', message: 'must lie under the cookie domain example.com' }],
          }) as object,
        }) as Error,
      );
    }
    expect(() => checkClientSettings('spa', { ...settings, tokenMode: 'bearer' })).toThrow(/cookie mode/);
  });
});
