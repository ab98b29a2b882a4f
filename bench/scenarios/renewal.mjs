// Renewal: cookie in, rotated cookie out. 32 browsers, each with a rotating cookie of its own.
import { startOurs, startPeer, startReference } from './subjects.mjs';
import { measureThroughput } from './throughput.mjs';

export async function renewal(context) {
  return measureThroughput({
    context,
    title: 'renewal: cookie in, rotated cookie out, 32 browsers',
    subjects: await context.start({
      rotation: () => startReference('renewal', context, { name: 'rotation' }),
      bare: () => startReference('renewal', context, { env: { SIGNS: '1' } }),
      gatehouse: () => startOurs(context),
      'better-auth': () => startPeer(context, { renews: true }),
    }),
    job: (_subject, seconds) => ['closed', { action: 'renewal', seconds, browsers: context.connections }],
    comparisons: [
      // The same job: the spent cookie in, its successor and a signed access token out.
      { of: 'gatehouse', against: 'bare', atLeast: 0.5 },
      // The rotation alone, without the token that it is for.
      { of: 'gatehouse', against: 'rotation' },
      { of: 'gatehouse', against: 'better-auth' },
    ],
  });
}
