// The session check: who is signed in? 32 browsers. The bare Fastify route shows what machine and driver can
// do at all.
import { startOurs, startPeer, startReference } from './subjects.mjs';
import { measureThroughput } from './throughput.mjs';

export async function me(context) {
  return measureThroughput({
    context,
    title: 'me: the session check with a valid access token, 32 browsers',
    subjects: await context.start({
      'fastify json': () => startReference('json-route', context),
      bare: () => startReference('session-check', context),
      gatehouse: () => startOurs(context),
      'better-auth': () => startPeer(context),
    }),
    job: ({ name }, seconds) => [
      'closed',
      { action: name === 'fastify json' ? 'json' : 'me', seconds, browsers: context.connections },
    ],
    comparisons: [
      { of: 'gatehouse', against: 'bare', atLeast: 0.5 },
      { of: 'gatehouse', against: 'better-auth' },
    ],
  });
}
