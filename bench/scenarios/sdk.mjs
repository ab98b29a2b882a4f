// What a service pays for knowing who calls. In process: an access token that was seen before, and one that was not beside the bare check of
// its signature. Over HTTP: a route of Nest behind the guard, beside the same route without one.
import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { runRounds } from '../harness/rounds.mjs';
import { compareRounds, median } from '../harness/statistics.mjs';
import { aim, startServer } from '../harness/subject.mjs';
import { measureThroughput } from './throughput.mjs';

const SEEN_PER_SECOND = 300_000;
const NEW_OF_BARE = 0.9;
const GUARDED_OF_OPEN = 0.85;
const TOKENS = 1000;

export async function sdk(context) {
  const load = (path) => import(pathToFileURL(join(context.checkout, 'packages', path)).href);
  const { createGatehouse, permissions } = await load('sdk/src/index.ts');
  const { startGatehouseDouble } = await load('testing/src/index.ts');
  const double = await startGatehouseDouble();
  const rule = permissions('tickets:read');
  const headers = Array.from({ length: TOKENS }, (_, at) =>
    Buffer.from(`Bearer ${double.token({ sid: `s-${at}` })}`),
  );
  const sides = [];
  /** The text is made anew each time, as the parser of HTTP makes it: a string that was hashed before would be found for nothing. */
  const admitting = async (rememberedTokens) => {
    const side = createGatehouse({
      issuer: double.issuer,
      tenants: 'all',
      credentials: () => 'own',
      rememberedTokens,
    });
    await side.start();
    await side.admit(rule, { authorization: headers[0].latin1Slice() });
    sides.push(side);
    return (at) => side.admit(rule, { authorization: headers[at].latin1Slice() }).tenantId === 'tenant-1';
  };
  const programs = {
    'seen before: gatehouse': await admitting(10_000),
    'new: gatehouse': await admitting(2),
    'new: bare': bareCheck(headers, double.keys[0].jwk),
  };
  const subjects = Object.entries(programs).map(([name, admits]) => ({ name, admits }));
  try {
    const results = await runRounds({
      subjects,
      rounds: context.rounds,
      report: context.report,
      measure: ({ admits }) => measure(admits, context.seconds),
      warmUp: ({ admits }) => measure(admits, 1),
    });
    const rates = (name) => results[name].map(({ perSecond }) => perSecond);
    const seen = compareRounds(
      rates('seen before: gatehouse'),
      results['seen before: gatehouse'].map(() => 1),
    );
    const fresh = compareRounds(rates('new: gatehouse'), rates('new: bare'));
    return {
      title: 'sdk: an access token (ES256), admitted to a route that asks for a permission; one core',
      columns: ['a second', 'µs each'],
      rows: subjects.map(({ name }) => ({
        name,
        cells: [median(rates(name)), 1e6 / median(rates(name))],
        wrong: {},
      })),
      comparisons: [
        {
          what: 'tokens seen before, a second',
          ...seen,
          target: SEEN_PER_SECOND,
          met: seen.median >= SEEN_PER_SECOND,
          targetText: `at least ${SEEN_PER_SECOND}`,
        },
        {
          what: 'a new token / the bare check of its signature',
          ...fresh,
          target: NEW_OF_BARE,
          met: fresh.median >= NEW_OF_BARE,
          targetText: `at least ${NEW_OF_BARE}`,
        },
      ],
      results,
    };
  } finally {
    for (const side of sides) await side.close();
    await double.close();
  }
}

export async function nestGuard(context) {
  const start = (name, env) => async () => {
    const address = context.nextAddress();
    const args = [join(import.meta.dirname, '../reference/nest-route.mjs')];
    const server = await startServer(
      { name, args, env: { CHECKOUT: context.checkout, ...env }, address, readyPath: '/ready' },
      context.machine,
    );
    const token = await (await fetch(`http://${address.host}:${address.port}/ready`)).text();
    const request = { method: 'GET', path: '/things', headers: { Authorization: `Bearer ${token}` } };
    return aim(name, server, { address, things: { request, expect: 200, anonymous: true } }, context.machine);
  };
  return measureThroughput({
    context,
    title:
      'nest-guard: a route of Nest, open, behind a guard that lets everybody in, and behind ours with a permission; 32 clients',
    subjects: await context.start({
      'fastify, open': start('fastify, open', { PLATFORM: 'fastify' }),
      'fastify, empty': start('fastify, empty', { PLATFORM: 'fastify', GUARDED: 'empty' }),
      'fastify, guarded': start('fastify, guarded', { PLATFORM: 'fastify', GUARDED: '1' }),
      'express, empty': start('express, empty', { PLATFORM: 'express', GUARDED: 'empty' }),
      'express, open': start('express, open', { PLATFORM: 'express' }),
      'express, guarded': start('express, guarded', { PLATFORM: 'express', GUARDED: '1' }),
    }),
    job: (_subject, seconds) => ['closed', { action: 'things', seconds, browsers: context.connections }],
    comparisons: ['fastify', 'express'].flatMap((platform) => [
      { of: `${platform}, guarded`, against: `${platform}, open`, atLeast: GUARDED_OF_OPEN },
      { of: `${platform}, guarded`, against: `${platform}, empty` },
    ]),
  });
}

/** The signature and nothing else, of parts that were cut out beforehand. */
function bareCheck(headers, jwk) {
  const key = Object.assign(createPublicKey({ key: jwk, format: 'jwk' }), { dsaEncoding: 'ieee-p1363' });
  const parts = headers.map((header) => {
    const token = header.latin1Slice('Bearer '.length);
    const dot = token.lastIndexOf('.');
    return {
      input: Buffer.from(token.slice(0, dot)),
      signature: Buffer.from(token.slice(dot + 1), 'base64url'),
    };
  });
  return (at) => verify('sha256', parts[at].input, key, parts[at].signature);
}

/** All tokens in turn, until the time is over; between two rounds of them the feed is heard. */
async function measure(admits, seconds) {
  let count = 0;
  let spent = 0;
  do {
    const began = performance.now();
    for (let at = 0; at < TOKENS; at += 1) if (!admits(at)) throw new Error('a right token was refused');
    spent += performance.now() - began;
    count += TOKENS;
    await turn();
  } while (spent < seconds * 1000);
  return { perSecond: (count / spent) * 1000 };
}
