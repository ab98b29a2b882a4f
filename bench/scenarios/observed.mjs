// What being observed costs: the session check with metrics, and with traces of every request, beside neither.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { startOurs } from './subjects.mjs';
import { measureThroughput } from './throughput.mjs';

export async function observed(context) {
  const collector = await startCollector(context.nextAddress());
  try {
    return await measureThroughput({
      context,
      title: 'observed: the session check, 32 browsers; metrics on, and every request traced',
      subjects: await context.start({
        gatehouse: () => startOurs(context),
        'with metrics': () =>
          startOurs(context, { settings: { METRICS_PORT: String(context.nextAddress().port) } }),
        'with traces': () => startOurs(context, { settings: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } }),
      }),
      job: (_subject, seconds) => ['closed', { action: 'me', seconds, browsers: context.connections }],
      comparisons: [
        { of: 'with metrics', against: 'gatehouse', atLeast: 0.97 },
        { of: 'with traces', against: 'gatehouse' },
      ],
    });
  } finally {
    collector.close();
  }
}

/** Takes spans and throws them away, beside the load on its core. */
async function startCollector({ host, port }) {
  const server = createServer((request, reply) => {
    request.resume();
    request.on('end', () => reply.end('{}'));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
