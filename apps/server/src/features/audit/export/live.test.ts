import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import type { TenantId } from '../../../platform/ids.ts';

let gatehouse: TestServer;
let url: string;
let tenantId: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  url = await gatehouse.server.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
});

let added = 0;
async function addUsers(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    added += 1;
    await admin.post('/users', { email: `live${added}@example.com`, name: `Live ${added}` });
  }
  await gatehouse.server.deps.sealing.run();
}

interface Event {
  event: string;
  id: number | undefined;
  data: string;
}

/** A feed over a connection of its own: what a client keeps open for later would keep the server waiting. */
async function follow(query = '', headers: Record<string, string> = {}, at = url) {
  const request = get(`${at}/api/v1/audit/live${query}`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${admin.token}`, ...headers },
    agent: false,
  });
  request.on('error', () => undefined);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  answer.setEncoding('utf8');
  let text = '';
  const events: Event[] = [];
  const pieces = answer[Symbol.asyncIterator]() as AsyncIterator<string>;
  const read = async (): Promise<boolean> => {
    const piece = await pieces.next();
    if (piece.done) return false;
    text += piece.value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      text = text.slice(end + 2);
      if (fields.event)
        events.push({
          event: fields.event,
          id: fields.id === undefined ? undefined : Number(fields.id),
          data: fields.data ?? '',
        });
    }
    return true;
  };
  return {
    status: answer.statusCode,
    headers: answer.headers,
    events,
    /** Reads until so many events are there, or the feed ends. */
    async until(count: number): Promise<Event[]> {
      while (events.length < count && (await read()));
      return events;
    },
    leave: () => request.destroy(),
  };
}

describe('the live feed', () => {
  it('tells of each record once it is sealed, with its number, its state and its values', async () => {
    await addUsers(2);
    const feed = await follow();
    expect(feed.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(feed.headers['cache-control']).toContain('no-store');
    await addUsers(1);
    const [event] = await feed.until(1);
    expect(event?.event).toBe('record');
    expect(JSON.parse(event?.data ?? '')).toMatchObject({
      action: 'user_created',
      tenantId,
      seal: { state: 'verified', seq: event?.id },
      after: { name: `Live ${added}` },
    });
    feed.leave();
  });

  it('goes on after Last-Event-ID where it broke off: nothing is lost, nothing comes twice', async () => {
    await addUsers(3);
    const first = await follow('?fromSeq=0');
    const seen = (await first.until(3)).map(({ id }) => id);
    first.leave();
    await addUsers(3);
    const second = await follow('', { 'last-event-id': String(seen.at(-1)) });
    const more = (await second.until(3)).map(({ id }) => id);
    second.leave();
    expect([...seen, ...more]).toEqual([...seen, ...more].map((_, at) => at));
  });

  it.each(['ocsf', 'syslog'])('comes in the form that a SIEM reads: %s', async (format) => {
    await addUsers(1);
    const feed = await follow(`?fromSeq=0&format=${format}`);
    const [event] = await feed.until(1);
    feed.leave();
    expect(event?.data).toMatch(format === 'ocsf' ? /"class_uid":\d+/ : /^<10[89]>1 /);
  });

  it.each([
    [
      'the session is ended',
      () =>
        gatehouse.sql('update gatehouse.sessions set ended_at = now() where user_id = $1', [admin.userId]),
      'auth.session_expired',
    ],
    ['the access token expires', async () => gatehouse.clock.advance({ minutes: 61 }), 'auth.token_invalid'],
    [
      'the role is taken away',
      () => gatehouse.sql('delete from gatehouse.role_assignments where tenant_id = $1', [tenantId]),
      'access.denied',
    ],
    [
      'the user is suspended',
      () => gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [admin.userId]),
      'auth.session_expired',
    ],
  ])('ends when %s', async (_when, happen, code) => {
    await addUsers(1);
    const feed = await follow('?fromSeq=0');
    await feed.until(1);
    const before = feed.events.length;
    await happen();
    const events = await feed.until(before + 1000);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: JSON.stringify({ code }) });
  });

  it('says that a sealed record is gone from the database', async () => {
    await addUsers(1);
    await gatehouse.sql('delete from gatehouse.audit_records where tenant_id = $1', [tenantId]);
    const feed = await follow('?fromSeq=0');
    const [event] = await feed.until(1);
    feed.leave();
    expect(event).toMatchObject({ event: 'missing', id: 0 });
  });

  it('is refused without the permission, to who cannot read it, and after what nobody can have seen', async () => {
    await addUsers(1);
    expect(await admin.get('/audit/live')).toMatchObject({
      status: 406,
      body: { code: 'request.not_acceptable' },
    });
    for (const id of ['x', '-1', '1e3', '99999999'])
      expect((await follow('', { 'last-event-id': id })).status).toBe(400);
    const agent = await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT');
    const refused = await follow('', { authorization: `Bearer ${agent.token}` });
    expect(refused.status).toBe(403);
    expect((await follow('', { authorization: '' })).status).toBe(401);
  });

  it('is open twenty times for a tenant and not more, and a place that is left is free again', async () => {
    await addUsers(1);
    const feeds = await Promise.all(Array.from({ length: 20 }, () => follow()));
    expect(feeds.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const refused = await follow();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '30']);
    for (const feed of feeds) feed.leave();
    await expect
      .poll(async () => {
        const feed = await follow();
        feed.leave();
        return feed.status;
      })
      .toBe(200);
  });

  it('does not keep the server from stopping', async () => {
    const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
    const other = await startServer({ database: name, clock: gatehouse.clock });
    const at = await other.server.app.listen({ port: 0, host: '127.0.0.1' });
    await addUsers(1);
    const feed = await follow('', {}, at);
    expect(feed.status).toBe(200);
    const started = performance.now();
    await other.close();
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await feed.until(1)).toEqual([]);
  });
});
