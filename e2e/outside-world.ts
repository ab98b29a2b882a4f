// Loaded into the deployment before anything else (`node --import`): the last hop of what it asks of the public internet. Names of the world
// lead to servers of this machine, by TLS and its certificates as ever; TXT records are those of the test.
import { readFileSync } from 'node:fs';
import dns from 'node:dns/promises';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import type { World } from './openid-provider.ts';

/** Read anew each time: tests go on while the deployment runs. */
const world = (): World => JSON.parse(readFileSync(process.env.E2E_WORLD ?? '', 'utf8')) as World;

const { lookup } = dns;
const { request } = https;
const { resolveTxt } = dns.Resolver.prototype;

dns.lookup = ((host: string, options: object) =>
  host in world().places
    ? Promise.resolve([{ address: '93.184.215.14', family: 4 }])
    : lookup(host, options)) as typeof dns.lookup;

dns.Resolver.prototype.resolveTxt = function (name) {
  const texts = world().texts[name];
  return texts === undefined ? resolveTxt.call(this, name) : Promise.resolve(texts.map((text) => [text]));
};

type Request = Omit<https.RequestOptions, 'headers'> & { headers?: Record<string, string> };

https.request = ((url: URL, options: Request, ...rest: []) => {
  const port = url instanceof URL ? world().places[url.hostname] : undefined;
  return port === undefined
    ? request(url, options, ...rest)
    : request(
        url,
        { ...options, port, lookup: toThisMachine, headers: { ...options.headers, host: url.host } },
        ...rest,
      );
}) as typeof https.request;

const toThisMachine: https.RequestOptions['lookup'] = (_host, options, tell) => {
  if (options.all === true) tell(null, [{ address: '127.0.0.1', family: 4 }]);
  else tell(null, '127.0.0.1', 4);
};

syncBuiltinESMExports();
