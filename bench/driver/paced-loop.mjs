// Paced: each browser sends at its own times, evenly spread, and waits for its answer in between. The load is the same however
// many processes share it, and the driver sleeps instead of spinning, so that it leaves the cores to what is measured.
import { setTimeout as sleep } from 'node:timers/promises';
import { noteWrong } from './closed-loop.mjs';
import { summarize } from './latency.mjs';

/** Who is behind its time sends at once, and does not catch up: `perSecond` says what was really sent. */
export async function runPacedLoop({ browsers, request, perSecond, seconds, expect, cookies = 0 }) {
  const latencies = [];
  const wrong = {};
  const intervalMs = (browsers.length * 1000) / perSecond;
  const start = performance.now();
  const deadline = start + seconds * 1000;
  let last = start;
  await Promise.all(
    browsers.map(async (browser, index) => {
      for (let due = start + (index * intervalMs) / browsers.length; due < deadline; ) {
        await sleep(Math.max(0, due - performance.now()));
        const sent = performance.now();
        const response = await browser.send(request);
        last = performance.now();
        if (response.status === expect && response.cookies >= cookies) latencies.push(last - sent);
        else await noteWrong(wrong, response);
        due = Math.max(due + intervalMs, last);
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
