import { stripVTControlCharacters } from 'node:util';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { readableLine } from './logger.ts';

/** What stands on a terminal for what was logged. */
function shown(write: (log: pino.Logger) => void): string {
  let line = '';
  const options = { level: 'debug', base: null, timestamp: pino.stdTimeFunctions.isoTime };
  write(pino(options, { write: (json) => void (line = stripVTControlCharacters(readableLine(json))) }));
  return line;
}

/** What stands there for an entry as it may be, without our own colours. */
const plain = (entry: Record<string, unknown>) =>
  readableLine(JSON.stringify({ level: 30, time: '2026-11-21T09:30:00.000Z', ...entry })).replaceAll(
    /\u001b\[\d+m/g,
    '',
  );

describe('a line of the log on a terminal', () => {
  it('says of a request what was asked, how it ended, how long it took, and by which id it is found', () => {
    const request = {
      method: 'GET',
      route: '/api/v1/users',
      status: 200,
      ms: 3.2,
      tenantId: 't',
      userId: 'u',
    };
    const line = shown((log) =>
      log.child({ correlationId: '4bf92f3577b34da6a3ce929d0e0e4736' }).info(request, 'request'),
    );
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d GET \/api\/v1\/users 200 3\.2 ms {2}4bf92f3577b34da6a3ce929d0e0e4736$/,
    );
  });

  it('says of anything else the words and what goes with them, and how urgent it is', () => {
    expect(shown((log) => log.info('stopped'))).toMatch(/^[\d:]{8} stopped$/);
    expect(shown((log) => log.warn({ attempt: 2, of: { x: 1 } }, 'again'))).toMatch(
      /^[\d:]{8} warning again attempt=2 of=\{"x":1\}$/,
    );
    expect(shown((log) => log.debug('detail'))).toMatch(/^[\d:]{8} debug detail$/);
  });

  it('shows where a fault comes from, below', () => {
    const [first, second, third] = shown((log) =>
      log.error({ err: new Error('broken') }, 'background work failed'),
    ).split('\n');
    expect(first).toMatch(/^[\d:]{8} error background work failed$/);
    expect(second).toBe('  Error: broken');
    expect(third).toMatch(/^ {6}at .*logger\.test\.ts/);
  });

  it('is one line, whatever line ends somebody has sent', () => {
    const forged = 'a\n12:00:00 error all is lost';
    const line = plain({ msg: forged, of: forged, [forged]: 1, correlationId: forged });
    expect(line).not.toContain('\n');
    expect(line).toContain('a\\u000a12:00:00 error all is lost');
    expect(plain({ msg: 'request', method: forged, route: forged, status: 200, ms: 1 })).not.toContain('\n');
  });

  it('obeys no control sequence in the name of a member', () => {
    expect(plain({ msg: 'm', 'a\u001b[2Jb': 1 })).toContain(' a\\u001b[2Jb=1');
  });

  it('shows what lies beyond the first plane by its whole number', () => {
    expect(plain({ msg: 'a\u{e0041}b' })).toContain('a\\u{e0041}b');
  });

  it('holds the fault that there is, of whatever kind', () => {
    expect(plain({ msg: 'm', err: null })).toMatch(/ m err=null$/);
    expect(plain({ msg: 'm', err: 'text' })).toMatch(/ m err=text$/);
    expect(plain({ msg: 'm', err: { code: 7 } })).toMatch(/ m err=\{"code":7\}$/);
    expect(plain({ msg: 'm', err: { message: 'broken' } })).toMatch(/ m\n {2}broken$/);
    expect(plain({ msg: 'm', err: { stack: 'Error: x\n    at y' } })).toMatch(/ m\n {2}Error: x\n {6}at y$/);
    expect(plain({ msg: 'm', time: 'never', level: 'none' })).toContain('m');
  });

  it('obeys no control sequence that somebody has sent', () => {
    for (const evil of ['\u001b[2J', '\u009b2J', '\r', '\u0007', '\u202e', '\u2028']) {
      const json = JSON.stringify({
        level: 50,
        time: '2026-11-21T09:30:00.000Z',
        msg: `a${evil}b`,
        [`name`]: `c${evil}d`,
        err: { stack: `e${evil}f` },
        correlationId: `g${evil}h`,
      });
      // Colours are our own; what is left when they are taken away is text and line ends.
      const line = readableLine(json).replaceAll(/\u001b\[\d+m/g, '');
      expect(line, JSON.stringify(evil)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(line).toContain('\\u');
    }
  });
});
