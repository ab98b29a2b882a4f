// Whether the service in this container lives; for HEALTHCHECK, where no curl is. `node deploy/container/health.mjs [/health/ready]`
import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';
import process from 'node:process';

const tls = (process.env.TLS_CERT_FILE ?? '') !== '';
const asked = (tls ? encrypted : plain)(
  {
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 4000),
    path: process.argv[2] ?? '/health/live',
    timeout: 2500,
    // Its own port, on the loopback address: the certificate is for another name.
    rejectUnauthorized: false,
  },
  (answer) => {
    answer.resume();
    process.exit(answer.statusCode === 200 ? 0 : 1);
  },
);
asked.on('timeout', () => asked.destroy(new Error('no answer')));
asked.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
asked.end();
