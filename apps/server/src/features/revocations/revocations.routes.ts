import { Readable } from 'node:stream';
import { RevocationPage, RevocationQuery, RevocationStreamQuery } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, either, user } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { followedBy, readRevocations } from './revocation-page.ts';
import { revocationEvents } from './revocation-stream.ts';

const MOST_STREAMS = 200;
const EventStream = Type.Unsafe<unknown>({
  description:
    'Events `revocation` (a `Revocation`), `heartbeat` (`cursor` and `time`; its id is the cursor) and `end` (`code`).',
  content: { 'text/event-stream': { schema: Type.String() } },
});
const config = {
  access: either(user({ permission: 'revocations:read' }), user({ permission: 'tenant_revocations:read' })),
};

/** What has ended, for whoever keeps what it once was told (spec S7; docs/guides/following-revocations.md). */
export const revocationsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  const closing = new AbortController();
  // A stream never ends by itself: a server that stops would wait for it.
  app.addHook('preClose', async () => closing.abort());
  let streams = 0;

  app.get(
    '/revocations',
    {
      config,
      schema: {
        tags: ['Revocations'],
        operationId: 'listRevocations',
        summary: 'What has ended',
        description:
          'Sessions, users, memberships, tenants and clients that ended, were suspended, or whose roles changed, in the words of the tokens that are good no more. Ask again with the `cursor` of the answer: an entry may come twice, none is left out. In the root tenant and with `tenant_revocations:read`, of every tenant.',
        querystring: RevocationQuery,
        response: {
          200: RevocationPage,
          ...problems(
            'request.invalid',
            'request.cursor_invalid',
            'auth.unauthenticated',
            'access.denied',
            'revocations.cursor_expired',
            'service.unavailable',
          ),
        },
      },
    },
    (request) => {
      const { principal, entered } = callerOf(request);
      return readRevocations(deps, followedBy(principal, entered), request.query);
    },
  );

  app.get(
    '/revocations/stream',
    {
      config,
      exposeHeadRoute: false,
      schema: {
        tags: ['Revocations'],
        operationId: 'followRevocations',
        summary: 'Follow what ends',
        description:
          'The same as server-sent events, each within a second. Ask with `Accept: text/event-stream`. Each second a heartbeat carries the cursor up to which everything has been told, and the time of that: whoever hears none for longer than they can bear knows nothing for certain any more. It goes on at `Last-Event-ID`, or at `after`; it ends (`end`) with the session, the permission or the access token.',
        querystring: RevocationStreamQuery,
        response: {
          200: EventStream,
          ...problems(
            'request.invalid',
            'request.not_acceptable',
            'request.cursor_invalid',
            'auth.unauthenticated',
            'access.denied',
            'rate.limited',
            'revocations.cursor_expired',
            'service.unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { principal, entered } = callerOf(request);
      if (!(request.headers.accept ?? '').includes('text/event-stream'))
        throw new Problem('request.not_acceptable', { detail: 'Send Accept: text/event-stream.' });
      if (streams >= MOST_STREAMS)
        throw new Problem('rate.limited', { detail: 'Too many follow this process.', retryAfter: 30 });
      const gone = new AbortController();
      const named = request.headers['last-event-id'];
      const events = revocationEvents(deps, {
        scope: followedBy(principal, entered),
        after: typeof named === 'string' && named !== '' ? named : request.query.after,
        judgeAgain: () => app.judgeAgain(request),
        signal: AbortSignal.any([closing.signal, gone.signal]),
      });
      streams += 1;
      reply.raw.once('close', () => {
        streams -= 1;
        gone.abort();
      });
      // What is wrong with the request is answered before the stream begins.
      const first = await events.next();
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

async function* afterFirst(
  first: string | void,
  events: AsyncGenerator<string, void>,
): AsyncGenerator<string> {
  if (typeof first === 'string') yield first;
  yield* events;
}
