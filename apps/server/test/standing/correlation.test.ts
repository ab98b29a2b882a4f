import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../server.fixture.ts';

let gatehouse: TestServer;
let lines: string[] = [];
beforeAll(async () => {
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
  gatehouse = await startServer({ log });
});
afterAll(() => gatehouse.close());

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

/** A refused sign-in: the correlation id of its answer, its line in the log, its audit record. */
async function refusedSignIn(traceparent?: string | string[]) {
  lines = [];
  const answer = await gatehouse.browser().request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { email: ADMIN.email, password: 'Wrong-Pass-1' },
    headers: traceparent === undefined ? {} : { traceparent },
  });
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; correlationId?: string });
  const [record] = await gatehouse.sql<{ correlation_id: string }>(
    `select correlation_id from gatehouse.audit_records where action = 'failed_login' order by id desc limit 1`,
  );
  await gatehouse.sql('delete from gatehouse.login_throttles');
  return {
    answered: String(answer.body.correlationId),
    logged: logged.find(({ msg }) => msg === 'request')?.correlationId,
    recorded: record?.correlation_id,
  };
}

describe('the correlation id', () => {
  it('is the trace of a valid traceparent, in the answer, the log and the record alike', async () => {
    for (const valid of [
      `00-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-00`,
      `00-${TRACE}-${SPAN}-ff`,
      // A later version may have more fields (§4.1); its trace id is where it always was.
      `cc-${TRACE}-${SPAN}-01`,
      `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`,
    ])
      expect(await refusedSignIn(valid), valid).toEqual({ answered: TRACE, logged: TRACE, recorded: TRACE });
  });

  it('is a new one, the same in all three, for a traceparent that is wrong in any part', async () => {
    const seen = new Set<string>();
    for (const wrong of [
      undefined,
      '',
      '00',
      TRACE,
      `00-${TRACE}`,
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-0`,
      `00-${TRACE}-${SPAN}-01-`,
      `00-${TRACE}-${SPAN}-01-more`,
      `00-${TRACE}-${SPAN}-01 `.padEnd(300, ' x'),
      `ff-${TRACE}-${SPAN}-01`,
      `0-${TRACE}-${SPAN}-01`,
      `zz-${TRACE}-${SPAN}-01`,
      `00-${'0'.repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${TRACE.slice(1)}-${SPAN}-01`,
      `00-${TRACE}0-${SPAN}-01`,
      `00-${TRACE}-${SPAN.slice(1)}-01`,
      `00_${TRACE}_${SPAN}_01`,
      `cc-${TRACE}-${SPAN}-01-${'x'.repeat(8000)}`,
      `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`,
      `00-<script>alert(1)</script>-${SPAN}-01`,
      `00-${TRACE.slice(2)}\u00e9\u00e9-${SPAN}-01`,
      [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    ]) {
      const { answered, logged, recorded } = await refusedSignIn(wrong);
      expect(answered, String(wrong)).toMatch(/^[0-9a-f]{32}$/);
      expect(answered).not.toBe(TRACE);
      expect([logged, recorded]).toEqual([answered, answered]);
      seen.add(answered);
    }
    expect(seen.size).toBe(25);
  });

  it('goes with a mail that the request caused', async () => {
    const admin = await gatehouse.admin();
    await gatehouse.sql('delete from gatehouse.outbox');
    const headers = { traceparent: `00-${TRACE}-${SPAN}-01` };
    const answer = await admin.post('/api/v1/users', { email: 'grace@example.com', name: 'Grace' }, headers);
    expect(answer.status).toBe(201);
    const messages = await gatehouse.sql<{ correlation_id: string; span_id: string | null }>(
      'select correlation_id, span_id from gatehouse.outbox',
    );
    expect(messages).toEqual([{ correlation_id: TRACE, span_id: null }]);
  });
});
