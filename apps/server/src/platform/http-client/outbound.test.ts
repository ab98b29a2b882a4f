import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, type Reach } from './outbound.ts';
import { isPublicAddress } from './public-address.ts';

/** Addresses of this machine, of networks behind it, and of gateways into them. */
const INSIDE = [
  '127.0.0.1',
  '127.1.2.3',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '192.88.99.1',
  '::',
  '::1',
  '::ffff:169.254.169.254',
  '::ffff:8.8.8.8',
  '::169.254.169.254',
  '::8.8.8.8',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  'fe80::1',
  'fc00::1',
  'fd12::1',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  'fec0::1',
  '100::1',
  'localhost',
  '',
  '8.8.8.8/8',
  '0x7f.1',
];

let server: http.Server;
let port: number;
let got: string[] = [];
beforeAll(async () => {
  server = http.createServer((request, response) => {
    got.push(String(request.url));
    if (request.url === '/redirect') response.writeHead(302, { location: 'https://other.example/' }).end();
    else if (request.url === '/large') response.end(Buffer.alloc(1_100_000));
    else if (request.url === '/slow') response.write('x');
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The test's own door: plain HTTP to this machine, under a name of the outside world. */
const reach = (more: Partial<Reach> = {}): Reach => ({
  resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
  isAllowed: (address) => address === '127.0.0.1',
  transport: {
    request: (url: URL, options: object, ...rest: []) =>
      http.request(new URL(url.href.replace('https:', 'http:')), options, ...rest),
  } as never,
  timeoutMs: 30_000,
  ...more,
});

describe('speaking to services that a tenant named', () => {
  it('knows what is not of the public internet [threat 64]', () => {
    expect(INSIDE.filter(isPublicAddress)).toEqual([]);
    expect(
      ['8.8.8.8', '93.184.216.34', '2606:4700::1111', '2a00:1450::1'].filter((one) => !isPublicAddress(one)),
    ).toEqual([]);
  });

  it('connects to nothing inside, neither by name nor by number, and not if one of several addresses is inside [threat 64]', async () => {
    const outbound = createOutbound();
    got = [];
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f.0.0.1',
      '2130706433',
      '169.254.169.254',
    ])
      await expect(outbound.fetch(`https://${host}:${port}/`), host).rejects.toMatchObject({
        fault: 'refused',
      });
    const mixed = createOutbound(
      reach({
        resolve: () =>
          Promise.resolve([
            { address: '127.0.0.1', family: 4 },
            { address: '10.0.0.1', family: 4 },
          ]),
      }),
    );
    await expect(mixed.fetch(`https://mixed.example:${port}/`)).rejects.toMatchObject({ fault: 'refused' });
    for (const url of [
      'http://example.com/',
      'ftp://example.com',
      'file:///etc/passwd',
      'https://u:p@example.com/',
      'nonsense',
    ])
      await expect(outbound.fetch(url), url).rejects.toMatchObject({ fault: 'refused' });
    expect(got).toEqual([]);
  });

  it('goes to the address that was judged: a name that means something else a moment later means nothing [threat 64]', async () => {
    let asked = 0;
    const rebinding = createOutbound(
      reach({
        resolve: () =>
          Promise.resolve([{ address: (asked += 1) === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]),
      }),
    );
    expect(await (await rebinding.fetch(`https://rebinding.example:${port}/`)).json()).toEqual({ ok: true });
    expect(asked).toBe(1);
  });

  it('follows no redirect, takes no more than a megabyte, and waits no longer than it should', async () => {
    const outbound = createOutbound(reach());
    got = [];
    const at = (path: string) => outbound.fetch(`https://outside.example:${port}${path}`);
    await expect(at('/redirect')).rejects.toMatchObject({ fault: 'refused' });
    expect(got).toEqual(['/redirect']);
    await expect(at('/large')).rejects.toMatchObject({ fault: 'too-large' });
    const impatient = createOutbound(reach({ timeoutMs: 500 }));
    const slow = impatient.fetch(`https://outside.example:${port}/slow`);
    await expect(slow).rejects.toMatchObject({ fault: 'timeout' });
    const never = createOutbound(reach({ resolve: () => new Promise(() => undefined), timeoutMs: 500 }));
    await expect(never.fetch('https://never.example/')).rejects.toMatchObject({ fault: 'timeout' });
  });
});
