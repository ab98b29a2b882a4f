import { styleText } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import { type Config, secretValues } from '../config/index.ts';
import { faultForLog, withoutSecrets } from './log-secrets.ts';

/** Bytes that a pipe takes in one piece (PIPE_BUF): lines of several processes never stand in one another. */
const WHOLE = 4096;

/** The log of the process: a line of JSON for each entry, or, on a terminal, a short one for whoever reads it there. */
export function createLogger(config: Config, worker?: number): Logger {
  const format = config.logFormat ?? (process.stdout.isTTY ? 'text' : 'json');
  // Written in batches: one system call for each request would be a fifth of its cost. What waits is flushed at the exit.
  const pieces = worker === undefined ? { minLength: 8192 } : { minLength: 3072, maxWrite: WHOLE };
  const destination: DestinationStream =
    format === 'text'
      ? { write: (json) => void process.stdout.write(`${readableLine(json)}\n`) }
      : pino.destination({ dest: 1, sync: false, periodicFlush: 250, ...pieces });
  return pino(
    {
      level: config.logLevel,
      base: worker === undefined ? null : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: faultForLog },
    },
    withoutSecrets(destination, secretValues(config)),
  );
}

type Entry = Record<string, unknown>;

/** `09:30:00 GET /api/v1/users 200 3.2 ms  4bf92f…`: time, what happened, and by which id the record of it is found. */
export function readableLine(json: string): string {
  const { level, time, msg, correlationId, ...entry } = JSON.parse(json) as Entry;
  const { err, ...withoutErr } = entry;
  const stack = stackOf(err);
  const rest = stack === undefined ? entry : withoutErr;
  const { method, route, status, ms, tenantId: _tenant, userId: _user, ...others } = rest;
  const isRequest = msg === 'request' && method !== undefined;
  const text = isRequest ? `${show(method)} ${show(route)} ${show(status)} ${show(ms)} ms` : show(msg);
  const more = Object.entries(isRequest ? others : rest).map(
    ([name, value]) => `${show(name)}=${show(value)}`,
  );
  const line = [
    styleText('dim', new Date(String(time)).toTimeString().slice(0, 8)),
    ...urgency(Number(level)),
    ...(text === '' ? [] : [text]),
    ...more,
    ...(correlationId === undefined ? [] : [styleText('dim', ` ${show(correlationId)}`)]),
  ].join(' ');
  return stack === undefined ? line : [line, ...stack.split('\n').map(show)].join('\n  ');
}

/** Where a fault comes from. What was thrown may be anything: what has no stack is a member like the others. */
function stackOf(err: unknown): string | undefined {
  const { stack, message } = (err ?? {}) as { stack?: unknown; message?: unknown };
  return [stack, message].find((text) => typeof text === 'string');
}

/** Nothing for what is as it should be. */
function urgency(level: number): string[] {
  if (level >= 50) return [styleText('red', 'error')];
  if (level >= 40) return [styleText('yellow', 'warning')];
  return level < 30 ? ['debug'] : [];
}

/**
 * SECURITY: what others have sent may hold the control sequences of a terminal (CWE-150), bidirectional ones that turn a
 * line around, and line ends that begin a forged entry (CWE-117); they are shown and not obeyed.
 */
const show = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => {
      const number = character.codePointAt(0)?.toString(16) ?? '';
      return number.length > 4 ? `\\u{${number}}` : `\\u${number.padStart(4, '0')}`;
    },
  );
