import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { vi } from 'vitest';
import type { Answer } from './browser.fixture.ts';
import type { TestServer } from './server.fixture.ts';

/** What a request cost and said, but for what is random or of the hour. */
export interface Cost {
  hashes: number;
  statements: string[];
  answer: unknown;
}

/**
 * Counts what requests cost, by the statements made on their behalf: what else the process does meanwhile (mail that goes out, records
 * that are sealed) is not theirs. `end` when done.
 */
export function startCounting(gatehouse: TestServer) {
  const onBehalf = new AsyncLocalStorage<string[]>();
  const { query } = pg.Client.prototype;
  const counted = vi.spyOn(pg.Client.prototype, 'query');
  counted.mockImplementation(function (this: pg.Client, ...given: unknown[]) {
    onBehalf.getStore()?.push(textOf(given[0]));
    return Reflect.apply(query, this, given) as unknown;
  });
  return {
    async cost(request: () => Promise<Answer>): Promise<Cost> {
      const { passwords } = gatehouse.server.deps;
      const hashes = passwords.done;
      const made: string[] = [];
      const answer = await onBehalf.run(made, request);
      return {
        hashes: passwords.done - hashes,
        statements: made
          .map((text) => text.replaceAll(ANY_ID, 'ID'))
          // Looked up anew every few moments, whoever asks.
          .filter((text) => !/find_client|find_domain|session_context/.test(text)),
        answer: seenBy(answer),
      };
    },
    end: () => counted.mockRestore(),
  };
}

const textOf = (given: unknown) => (typeof given === 'string' ? given : (given as { text: string }).text);

const ANY_ID = /[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** All of an answer that a caller can look at, random values by their length. */
function seenBy({ status, headers, text, cookies }: Answer) {
  const masked = (value: string) => value.replaceAll(ANY_ID, 'ID');
  const counted = /^(date|ratelimit.*|set-cookie)$/;
  return {
    status,
    text: masked(text),
    headers: Object.fromEntries(
      Object.entries(headers)
        .map(([name, value]) => [name, counted.test(name) ? '' : masked(String(value))] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    cookies: cookies.map(({ value, expires: _expires, ...cookie }) => ({ ...cookie, length: value.length })),
  };
}
