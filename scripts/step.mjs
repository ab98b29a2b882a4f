// Runs a program as one step with a line of progress; what it prints is shown only when it fails. Understood by Node 18.
import { spawn } from 'node:child_process';
import process from 'node:process';

const remindEvery = 10_000;

/** @returns whether it succeeded */
export async function runStep({ doing, done, failed, command, args, options, leaveOut, onStart }) {
  const started = Date.now();
  const output = [];
  const line = progressLine(doing, started);
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  // Whoever stops the start stops the step as well: it must not go on writing unseen.
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (code, signal) => resolve({ code, signal }));
    if (child.pid !== undefined) onStart(child.pid);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, forward);
  line.end();

  if (end.code === 0) {
    console.log(`${done} in ${seconds(started)}`);
    return true;
  }
  const lines = Buffer.concat(output).toString('utf8').split('\n');
  process.stderr.write(lines.filter((each) => !leaveOut?.test(each)).join('\n'));
  console.error(
    end.error ? `${failed}: ${end.error.message}` : `${failed} (${end.signal ?? `exit code ${end.code}`}).`,
  );
  return false;
}

function progressLine(doing, started) {
  if (process.stdout.isTTY) {
    const show = () => process.stdout.write(`\r${doing} … ${seconds(started)}`);
    show();
    const timer = setInterval(show, 1_000);
    return {
      end: () => {
        clearInterval(timer);
        process.stdout.write('\r\u001b[K');
      },
    };
  }
  console.log(`${doing} …`);
  const timer = setInterval(() => console.log(`${doing} … ${seconds(started)}`), remindEvery);
  return { end: () => clearInterval(timer) };
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
