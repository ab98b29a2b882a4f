import { styleText } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config/index.ts';

/** The log of the process: a line of JSON for each entry, or, on a terminal, a short one for whoever reads it there. */
export function createLogger({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Logger {
  const format = logFormat ?? (process.stdout.isTTY ? 'text' : 'json');
  // Written in batches: one system call for each request would be a fifth of its cost. What waits is flushed at the exit.
  const destination: DestinationStream =
    format === 'text'
      ? { write: (json) => void process.stdout.write(`${readableLine(json)}\n`) }
      : pino.destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: 250 });
  return pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

type Entry = Record<string, unknown> & { err?: { stack?: string; message?: string } };

/** `09:30:00 GET /api/v1/users 200 3.2 ms  4bf92f…`: time, what happened, and by which id the record of it is found. */
export function readableLine(json: string): string {
  const { level, time, msg, err, correlationId, ...rest } = JSON.parse(json) as Entry;
  const { method, route, status, ms, tenantId: _tenant, userId: _user, ...others } = rest;
  const isRequest = msg === 'request' && method !== undefined;
  const text = isRequest ? `${show(method)} ${show(route)} ${show(status)} ${show(ms)} ms` : show(msg);
  const more = Object.entries(isRequest ? others : rest).map(([name, value]) => `${name}=${show(value)}`);
  const line = [
    styleText('dim', new Date(String(time)).toTimeString().slice(0, 8)),
    ...urgency(Number(level)),
    ...(text === '' ? [] : [text]),
    ...more,
    ...(correlationId === undefined ? [] : [styleText('dim', ` ${show(correlationId)}`)]),
  ].join(' ');
  return err === undefined
    ? line
    : `${line}\n  ${show(err.stack ?? err.message ?? '').replaceAll('\n', '\n  ')}`;
}

/** Nothing for what is as it should be. */
function urgency(level: number): string[] {
  if (level >= 50) return [styleText('red', 'error')];
  if (level >= 40) return [styleText('yellow', 'warning')];
  return level < 30 ? ['debug'] : [];
}

/**
 * SECURITY: what others have sent may hold the control sequences of a terminal (CWE-150), and bidirectional ones that turn a
 * line around; they are shown and not obeyed. Lines are broken by stacks alone.
 */
const show = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) =>
      character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
