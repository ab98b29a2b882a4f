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

/** Counts what requests cost, one at a time; `end` when done. */
export function startCounting(gatehouse: TestServer) {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  const textOf = (given: unknown) => (typeof given === 'string' ? given : (given as { text: string }).text);
  /** Connections on which the process writes its decision log, beside whatever is asked of it. */
  const beside = new Set<unknown>();
  const takeStatements = () => {
    const made = query.mock.calls.map(([given], at) => ({
      text: textOf(given),
      by: query.mock.contexts[at],
    }));
    query.mockClear();
    return (
      made
        .filter(({ text, by }) => {
          if (text.includes("'gatehouse: decision log'")) beside.add(by);
          if (!beside.has(by)) return true;
          if (text === 'commit') beside.delete(by);
          return false;
        })
        .map(({ text }) => text.replaceAll(ANY_ID, 'ID'))
        // Looked up anew every few moments, whoever asks.
        .filter((text) => !/find_client|find_domain|session_context/.test(text))
    );
  };
  return {
    async cost(request: () => Promise<Answer>): Promise<Cost> {
      const hashes = gatehouse.server.deps.passwords.done;
      takeStatements();
      const answer = await request();
      return {
        hashes: gatehouse.server.deps.passwords.done - hashes,
        statements: takeStatements(),
        answer: seenBy(answer),
      };
    },
    end: () => query.mockRestore(),
  };
}

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
