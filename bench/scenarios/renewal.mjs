// Renewal: cookie in, rotated cookie out. 32 browsers, each with a rotating cookie of its own.
import { startOurs, startPeer, startReference } from './subjects.mjs';
import { measureThroughput } from './throughput.mjs';

export async function renewal(context) {
  return measureThroughput({
    context,
    title: 'renewal: cookie in, rotated cookie out, 32 browsers',
    subjects: await context.start({
      bare: () => startReference('renewal', context),
      gatehouse: () => startOurs(context),
      'better-auth': () => startPeer(context, { renews: true }),
    }),
    job: (_subject, seconds) => ['closed', { action: 'renewal', seconds, browsers: context.connections }],
    comparisons: [
      { of: 'gatehouse', against: 'bare', atLeast: 0.5 },
      { of: 'gatehouse', against: 'better-auth' },
    ],
  });
}
