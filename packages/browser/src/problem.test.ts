import { describe, expect, it } from 'vitest';
import { readProblem, retryAfterSeconds } from './problem.ts';

const withRetryAfter = (value: string): Response => new Response(null, { headers: { 'retry-after': value } });

describe('Retry-After', () => {
  it('is read in seconds and as a date, and a date that has passed means now', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterSeconds(withRetryAfter('30'), now)).toBe(30);
    expect(retryAfterSeconds(withRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT'), now)).toBe(60);
    expect(retryAfterSeconds(withRetryAfter('Thu, 01 Jan 2015 00:01:00 GMT'), now)).toBe(0);
  });

  it('is null when missing or unreadable', () => {
    expect(retryAfterSeconds(new Response())).toBeNull();
    expect(retryAfterSeconds(withRetryAfter('soon'))).toBeNull();
  });
});

describe('problem details', () => {
  it('become an error with the code of the server', async () => {
    const body = { title: 'Locked', status: 423, code: 'auth.account_locked', detail: 'Wait.' };
    const response = Response.json(body, { status: 423, headers: { 'retry-after': '1800' } });
    expect(await readProblem(response)).toMatchObject({
      code: 'auth.account_locked',
      status: 423,
      retryAfter: 1800,
      message: 'Wait.',
    });
  });

  it.each(['<html>Bad gateway</html>', '', '{"status":502}'])(
    'are made up for an answer that carries none (%s)',
    async (body) => {
      expect(await readProblem(new Response(body, { status: 502 }))).toMatchObject({
        code: 'http.502',
        status: 502,
      });
    },
  );
});
