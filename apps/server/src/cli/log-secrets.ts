import type { DestinationStream } from 'pino';

const DEEPEST = 4;

/**
 * What the log says of a fault: kind, code, message, where, and what was behind it.
 *
 * SECURITY: these and no others. Errors carry along what they were about: a driver the row that was refused, an HTTP or SMTP client
 * the conversation with its credentials, `new URL` the text that was none.
 */
export function faultForLog(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? 'not an Error' : error;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: error.constructor.name,
    message: error.message,
    ...(isWord(code) && { code }),
    // The name of a rule of the schema says which one; the values that broke it are in `detail`, which is left away.
    ...(isWord(constraint) && { constraint }),
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error.cause !== undefined && depth < DEEPEST && { cause: faultForLog(error.cause, depth + 1) }),
  };
}

const isWord = (value: unknown): value is string | number =>
  typeof value === 'number' || (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value));

/** What is a secret by its form, whoever made it. */
const FORMS = [
  // A JWT (RFC 7519 §3), and anything else of three parts that begins like one.
  /\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g,
  /(?<=\bBearer\s+)[\w~+/.-]+=*/gi,
  // Of a mailed link, a query, a form.
  /(?<=[#?&;\s"'](?:token|code|key|secret|password|session_token|refresh_token)=)[^\s&"'\\]+/gi,
  // User and password of a URL.
  /(?<=:\/\/)[^\s/@"'\\]+(?=@)/g,
];

const REDACTED = '[redacted]';
/** The end of the line for an answered request, which the app writes from a fixed list of members (app.ts). */
const REQUEST_END = '"msg":"request"}\n';

/**
 * The same stream, and no secret of the settings comes through it, whoever put one into a message.
 *
 * Lines of answered requests hold nothing that anybody could choose but ids and route templates, and are most of the log: they
 * are let by, since looking through each would cost more than writing it.
 */
export function withoutSecrets(stream: DestinationStream, secrets: readonly string[]): DestinationStream {
  // In a line of JSON they stand as JSON writes them.
  const known = secrets.map((secret) => RegExp.escape(JSON.stringify(secret).slice(1, -1)));
  const patterns = known.length === 0 ? FORMS : [new RegExp(known.join('|'), 'g'), ...FORMS];
  return {
    write(line) {
      stream.write(line.endsWith(REQUEST_END) ? line : redact(line, patterns));
    },
  };
}

const redact = (line: string, patterns: readonly RegExp[]): string =>
  patterns.reduce((text, pattern) => text.replaceAll(pattern, REDACTED), line);
