import { integer, oneOf, required, SettingFault, text, url } from './settings.ts';

/** `name=value,name=value`, values percent-encoded, as the OpenTelemetry specification writes headers. */
function parseHeaders(value: string): Record<string, string> {
  const pairs = value
    .split(',')
    .map((pair) => /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x21-\x7e][\x20-\x7e]*?)\s*$/.exec(pair));
  const headers: Record<string, string> = {};
  for (const pair of pairs) {
    if (pair?.[1] === undefined || pair[2] === undefined)
      throw new SettingFault('must be name=value, separated by commas');
    try {
      headers[pair[1].toLowerCase()] = decodeURIComponent(pair[2]);
    } catch {
      throw new SettingFault('must hold percent-encoded values');
    }
  }
  return headers;
}

/** What is seen of a running service from outside. */
export const OBSERVATION_SETTINGS = {
  logLevel: required(
    oneOf('LOG_LEVEL', {
      values: ['debug', 'info', 'warn', 'error', 'silent'],
      default: 'info',
      description: 'What is logged.',
    }),
  ),
  logFormat: oneOf('LOG_FORMAT', {
    values: ['text', 'json'],
    defaultText: 'text on a terminal, else json',
    description: 'Short lines for people, or one JSON object a line for programs.',
  }),
  metricsPort: integer('METRICS_PORT', {
    min: 1,
    max: 65535,
    defaultText: 'none: no metrics',
    description: 'A port of its own for Prometheus, at /metrics.',
  }),
  metricsHost: required(
    text('METRICS_HOST', {
      default: '127.0.0.1',
      description:
        'The address that METRICS_PORT listens on; any but the machine itself needs METRICS_TOKEN.',
    }),
  ),
  metricsToken: text('METRICS_TOKEN', {
    secret: true,
    description: 'What whoever reads /metrics presents as `Authorization: Bearer …`: 16 characters or more.',
  }),
  traceEndpoint: url(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    {
      defaultText: 'none: no traces',
      description:
        'An OpenTelemetry collector, such as http://localhost:4318; spans go to /v1/traces below it (OTLP over HTTP).',
    },
    ['http:', 'https:'],
  ),
  traceHeaders: {
    ...text('OTEL_EXPORTER_OTLP_HEADERS', {
      secret: true,
      description: 'Headers for the collector: `name=value`, separated by commas, values percent-encoded.',
    }),
    parse: (value: string | undefined) =>
      value === undefined || value === '' ? undefined : parseHeaders(value),
  },
  traceService: required(
    text('OTEL_SERVICE_NAME', { default: 'gatehouse', description: 'The name of this service in traces.' }),
  ),
  traceSample: required(
    integer('TRACE_SAMPLE_PERCENT', {
      min: 0,
      max: 100,
      default: 100,
      description:
        'So many of a hundred traces are kept. Which ones, a key of the deployment draws by the trace id: no caller can choose.',
    }),
  ),
} as const;
