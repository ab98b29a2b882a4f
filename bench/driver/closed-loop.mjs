// Closed loop: each browser sends its next request when the last one was answered. Measures throughput.
import { summarize } from './latency.mjs';

/**
 * Rate is answers divided by the time from the first send to the last answer: requests under way at the
 * deadline are waited for and counted, so that a server which answers in bursts gains and loses nothing.
 */
export async function runClosedLoop({ browsers, request, seconds, expect, cookies = 0 }) {
  const latencies = [];
  const wrong = {};
  const start = performance.now();
  const deadline = start + seconds * 1000;
  let last = start;
  await Promise.all(
    browsers.map(async (browser) => {
      for (let sent = performance.now(); sent < deadline; ) {
        const response = await browser.send(request);
        last = performance.now();
        if (response.status === expect && response.cookies >= cookies) latencies.push(last - sent);
        else await noteWrong(wrong, response);
        sent = last;
      }
    }),
  );
  return {
    perSecond: (latencies.length / (last - start)) * 1000,
    answers: latencies.length,
    seconds: (last - start) / 1000,
    wrong,
    ...summarize(latencies),
  };
}

/** Logins without pause from each browser, until told to stop; a busy server's Retry-After is honoured. */
export function startStorm({ browsers, request, expect }) {
  let stormy = true;
  let answers = 0;
  const wrong = {};
  const start = performance.now();
  const done = Promise.all(
    browsers.map(async (browser) => {
      while (stormy) {
        const response = await browser
          .send(request)
          .catch((error) => ({ status: 0, head: '', body: String(error) }));
        if (!stormy) return;
        if (response.status === expect) answers += 1;
        else await noteWrong(wrong, response);
      }
    }),
  );
  return {
    stop() {
      stormy = false;
      const seconds = (performance.now() - start) / 1000;
      for (const browser of browsers) browser.close();
      done.catch(() => {});
      return { answers, perSecond: answers / seconds, wrong: { ...wrong } };
    },
  };
}

export async function noteWrong(wrong, response) {
  const code = /"code": ?"([^"]+)"/.exec(response.body)?.[1];
  const key = code ? `${response.status} ${code}` : String(response.status);
  wrong[key] = (wrong[key] ?? 0) + 1;
  const retryAfter = Number(/\r\nretry-after: *(\d+)/i.exec(response.head)?.[1] ?? 0);
  if (retryAfter > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(retryAfter, 2) * 1000));
}
