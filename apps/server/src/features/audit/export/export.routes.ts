import { Readable } from 'node:stream';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, user } from '../../../platform/access/index.ts';
import { contextOf, Problem, problems } from '../../../platform/http/index.ts';
import { type TenantScoped, tenantParams } from '../../tenant-scoped.ts';
import { filterQuery, readFilter, sayFilter } from '../audit.filter.ts';
import { actorOf } from '../record.ts';
import { exportLines } from './export.ts';
import { EXPORT_FORMATS, type ExportFormat, EXTENSIONS, inFormat, MEDIA_TYPES } from './formats.ts';
import { createFeedLimit, LIVE_FORMATS, type LiveFormat, liveEvents, resumedFrom } from './live.ts';

const Number = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 50, description }));
const ExportQuery = Type.Object(
  {
    format: Type.Optional(Type.String({ enum: [...EXPORT_FORMATS], default: 'jsonl' })),
    fromSeq: Number('The first number; 0 when it is left out.'),
    toSeq: Number('The number after the last; all that is sealed when it is left out.'),
    ...filterQuery,
  },
  { additionalProperties: false },
);
const LiveQuery = Type.Object(
  {
    format: Type.Optional(Type.String({ enum: [...LIVE_FORMATS], default: 'json' })),
    fromSeq: Number(
      'Tells of what is sealed from this number on, not only of what is new. Last-Event-ID goes before it.',
    ),
  },
  { additionalProperties: false },
);
const EventStream = Type.Unsafe<unknown>({
  description: 'Events `record`, `missing` and `end`.',
  content: { 'text/event-stream': { schema: Type.String() } },
});
const File = Type.Unsafe<unknown>({
  description: 'One line for each record, and the lines by which they are verified.',
  content: {
    'application/jsonl': { schema: Type.String() },
    'text/csv': { schema: Type.String() },
    'text/plain': { schema: Type.String() },
  },
});

/** What leaves in bulk: files for auditors, and a feed for a SIEM (spec A2, A4). */
export const auditExportRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const feeds = createFeedLimit({ all: 200, tenant: 20 });
  const closing = new AbortController();
  // A feed never ends by itself: a server that stops would wait for it.
  app.addHook('preClose', async () => closing.abort());

  app.get(
    `${at}/audit/export`,
    {
      config: { access: user({ permission: 'audit:export' }) },
      // It is on record that somebody took data away; HEAD takes none.
      exposeHeadRoute: false,
      schema: {
        tags: ['Audit'],
        operationId: `exportAuditRecords${suffix}`,
        summary: 'Export audit records',
        description:
          'Everything that is sealed, or a range of it, or what fits a filter, in a file that `gatehouse audit verify` judges without this server (`jsonl`, `csv`); or the records alone for a SIEM (`syslog`: RFC 5424, `ocsf`: OCSF 1.3). Personal values come with their salts, unless they are erased or of another tenant. On record as `data_exported`.',
        params: tenantParams(scope),
        querystring: ExportQuery,
        response: {
          200: File,
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request, reply) => {
      const { principal, entered } = callerOf(request);
      const { format = 'jsonl', fromSeq, toSeq, ...filter } = request.query;
      await deps.doors.withTenant(entered, (tx) =>
        deps.audit.record(tx, {
          action: 'data_exported',
          actor: actorOf(principal),
          resource: { type: 'audit', id: null },
          after: { format, fromSeq, toSeq, filter: sayFilter(readFilter(filter)) },
          request: contextOf(request),
        }),
      );
      const lines = exportLines(deps, entered, { fromSeq, toSeq, filter: readFilter(filter) });
      const name = `audit-${entered.tenantId}.${EXTENSIONS[format as ExportFormat]}`;
      return reply
        .type(MEDIA_TYPES[format as ExportFormat])
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(inFormat(format as ExportFormat, lines, deps.config.publicUrl)));
    },
  );

  app.get(
    `${at}/audit/live`,
    {
      config: { access: user({ permission: 'audit:read' }) },
      exposeHeadRoute: false,
      schema: {
        tags: ['Audit'],
        operationId: `followAuditRecords${suffix}`,
        summary: 'Follow the audit trail',
        description:
          'Server-sent events: each record within about two seconds, as it is sealed. Ask with `Accept: text/event-stream`. Every event has the number of its record as `id`; with `Last-Event-ID` the feed goes on where it broke off. It ends (`end`, with a code) when the session, the access token or the permission does.',
        params: tenantParams(scope),
        querystring: LiveQuery,
        response: {
          200: EventStream,
          ...problems(
            'request.invalid',
            'request.not_acceptable',
            'auth.unauthenticated',
            'access.denied',
            'resource.not_found',
            'rate.limited',
          ),
        },
      },
    },
    async (request, reply) => {
      const { entered } = callerOf(request);
      if (!(request.headers.accept ?? '').includes('text/event-stream'))
        throw new Problem('request.not_acceptable', { detail: 'Send Accept: text/event-stream.' });
      const gone = new AbortController();
      const events = liveEvents(deps, {
        entered,
        from: resumedFrom(request) ?? request.query.fromSeq,
        format: (request.query.format ?? 'json') as LiveFormat,
        judgeAgain: () => app.judgeAgain(request),
        signal: AbortSignal.any([closing.signal, gone.signal]),
      });
      // What is wrong with the request is answered before the stream begins.
      const first = await events.next();
      feeds.enter(entered.tenantId);
      reply.raw.once('close', () => {
        gone.abort();
        feeds.leave(entered.tenantId);
      });
      return (
        reply
          .type('text/event-stream; charset=utf-8')
          // A proxy that gathers an answer before it passes it on would make a feed of it that never comes.
          .header('x-accel-buffering', 'no')
          // A connection that carried a feed carries nothing after it: a server that stops need not wait for it.
          .header('connection', 'close')
          .send(Readable.from(afterFirst(first.value, events)))
      );
    },
  );
  done();
};

async function* afterFirst(first: unknown, events: AsyncGenerator<string>): AsyncGenerator<string> {
  if (typeof first === 'string') yield first;
  yield* events;
}
