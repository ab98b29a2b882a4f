// Bare reference for `login`: nothing but bcrypt at cost 12, one worker for each core the process may use.
// Prints one JSON line per second-long slice of work it was asked for; driven over stdin ("run <seconds>\n").
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/bcrypt';

const PASSWORD = 'Correct-Horse-42';

if (isMainThread) {
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker)));
  console.log(JSON.stringify({ ready: true, workers: workers.length }));
  for await (const line of createInterface({ input: process.stdin })) {
    const seconds = Number(line.split(' ')[1]);
    const slices = await Promise.all(
      workers.map((worker) => {
        worker.postMessage(seconds);
        return once(worker);
      }),
    );
    // Each worker's own rate, so that the wait for the last check of a slower worker is not counted as
    // idleness.
    const perSecond = slices.reduce((sum, slice) => sum + slice.checks / slice.seconds, 0);
    console.log(JSON.stringify({ perSecond, checks: slices.reduce((sum, slice) => sum + slice.checks, 0) }));
  }
  for (const worker of workers) await worker.terminate();
} else {
  const hash = hashSync(PASSWORD, { cost: 12 });
  parentPort.on('message', (seconds) => {
    const start = performance.now();
    let checks = 0;
    while (performance.now() - start < seconds * 1000) {
      if (!verifySync(PASSWORD, hash)) throw new Error('bcrypt refused the right password');
      checks += 1;
    }
    parentPort.postMessage({ checks, seconds: (performance.now() - start) / 1000 });
  });
  parentPort.postMessage({ ready: true });
}

function once(worker) {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
