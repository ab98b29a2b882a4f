import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface Sent {
  /** By `performance.now()`. */
  at: number;
  took: number;
  status: number;
  retryAfter: string | undefined;
  setCookie: string[] | undefined;
  body: string;
}

const MOST_WAITING = 50;
const agent = new Agent({ keepAlive: true, maxSockets: 4000 });

/** One request over a kept connection; a connection that breaks is status 0. */
export function send(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<Sent> {
  const at = performance.now();
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve) => {
    const sent = (status: number, text = '', of: Record<string, unknown> = {}) =>
      resolve({
        at,
        took: performance.now() - at,
        status,
        retryAfter: of['retry-after'] as string | undefined,
        setCookie: of['set-cookie'] as string[] | undefined,
        body: text,
      });
    const asked = request(
      url,
      {
        method,
        agent,
        headers: {
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(payload)),
          }),
          ...headers,
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => sent(answer.statusCode ?? 0, text, answer.headers));
      },
    );
    asked.on('error', () => sent(0));
    asked.end(payload);
  });
}

/** Requests at a steady rate, whether or not answers come, but for so many that wait; until it is told to stop. */
export function steadyLoad(perSecond: number, one: (count: number) => Promise<Sent>) {
  const all: Promise<Sent>[] = [];
  let waiting = 0;
  let left = 0;
  let running = true;
  const began = performance.now();
  const loop = (async () => {
    while (running) {
      const due = ((performance.now() - began) / 1000) * perSecond;
      for (; all.length + left < due; ) {
        // On a machine that is too slow for the rate, more of them would only measure the machine.
        if (waiting >= MOST_WAITING) left += 1;
        else {
          waiting += 1;
          all.push(one(all.length).finally(() => (waiting -= 1)));
        }
      }
      await delay(5);
    }
  })();
  return {
    async stop(): Promise<{ sent: Sent[]; perSecond: number }> {
      running = false;
      await loop;
      const seconds = (performance.now() - began) / 1000;
      return { sent: await Promise.all(all), perSecond: all.length / seconds };
    },
  };
}
