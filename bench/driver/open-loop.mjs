// Open loop: arrivals come at a fixed rate whether or not the server keeps up, and each latency is counted
// from the moment the request was due, not from when a free connection let it out. A stalled server cannot
// slow its own measurement down (no coordinated omission). What is still unanswered when the drain ends
// counts with the time it has waited.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { summarize } from './latency.mjs';

export async function runOpenLoop({ browsers, request, perSecond, seconds, expect, drainSeconds = 10 }) {
  const total = Math.round(perSecond * seconds);
  const interval = 1000 / perSecond;
  const free = [...browsers];
  const waiting = [];
  const latencies = [];
  const lateness = [];
  const wrong = {};
  const unanswered = new Set();
  const start = performance.now() + interval;

  async function serve(browser, due) {
    unanswered.add(due);
    try {
      const response = await browser.send(request);
      if (response.status === expect) latencies.push(performance.now() - due);
      else wrong[response.status] = (wrong[response.status] ?? 0) + 1;
    } catch (error) {
      wrong[error.code ?? 'closed'] = (wrong[error.code ?? 'closed'] ?? 0) + 1;
    }
    unanswered.delete(due);
    if (waiting.length > 0) void serve(browser, waiting.shift());
    else free.push(browser);
  }

  for (let index = 0; index < total; index += 1) {
    const due = start + index * interval;
    // A timer's millisecond is coarser than a quiet answer, so the last stretch is spun.
    const ahead = due - performance.now();
    if (ahead > 1.5) await new Promise((resolve) => setTimeout(resolve, ahead - 1.5));
    while (performance.now() < due) await nextTurn();
    lateness.push(performance.now() - due);
    const browser = free.pop();
    if (browser) void serve(browser, due);
    else waiting.push(due);
  }

  const drainEnd = performance.now() + drainSeconds * 1000;
  while (unanswered.size + waiting.length > 0 && performance.now() < drainEnd) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const now = performance.now();
  const censored = [...unanswered, ...waiting.splice(0)].map((due) => now - due);
  return {
    answers: latencies.length,
    unanswered: censored.length,
    // A copy: hanging up on what is still unanswered adds to the original later.
    wrong: { ...wrong },
    driverLateP99: summarize(lateness).p99,
    ...summarize([...latencies, ...censored]),
  };
}
