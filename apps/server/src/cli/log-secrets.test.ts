import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { parseConfig, secretValues } from '../config/index.ts';
import { faultForLog, withoutSecrets } from './log-secrets.ts';

/** The line of the log for what was written. */
function logged(write: (log: pino.Logger) => void, secrets: readonly string[] = []): string {
  let lines = '';
  const stream = withoutSecrets({ write: (line) => void (lines += line) }, secrets);
  write(pino({ base: null, serializers: { err: faultForLog } }, stream));
  return lines;
}

describe('a fault in the log', () => {
  it('is told by kind, code, words, place and cause, and by nothing that it carries along', () => {
    const cause = Object.assign(new Error('duplicate key value violates unique constraint'), {
      code: '23505',
      constraint: 'users_email_key',
      detail: 'Key (email)=(ada@example.com) already exists.',
      parameters: ['ada@example.com', 'Good-Pass-1'],
      where: 'COPY users, line 1: "ada@example.com"',
    });
    const line = logged((log) => log.error({ err: new TypeError('it failed', { cause }) }, 'm'));
    const { err } = JSON.parse(line) as { err: { type: string; cause: Record<string, string> } };
    expect(err.type).toBe('TypeError');
    expect(Object.keys(err.cause)).toEqual(['type', 'message', 'code', 'constraint', 'stack']);
    expect(line).not.toMatch(/ada@example|Good-Pass/);
  });

  it('that is no Error is told as far as it is a word', () => {
    const thrown = { password: 'Good-Pass-1' };
    expect(logged((log) => log.error({ err: thrown }, 'm'))).not.toContain('Good-Pass');
    expect(logged((log) => log.error({ err: 'text' }, 'm'))).toContain('"err":"text"');
  });

  it('has an end, however its causes go round', () => {
    const error = new Error('round');
    error.cause = error;
    expect(logged((log) => log.error({ err: error }, 'm')).length).toBeLessThan(20_000);
  });
});

describe('a secret', () => {
  const env = {
    DATABASE_URL: 'postgres://gatehouse:Zk4pQ8%2FvN@db.example.com/gatehouse',
    SMTP_URL: 'smtp://mailer:Xq7rT2mW@mail.example.com:587',
    GATEHOUSE_MASTER_KEY: 'pD8m0s3o1qVfB5l7c2Xk9yTz4wEr6uAhJnGbLxQvKt0=',
    GATEHOUSE_MASTER_KEY_PREVIOUS: 'c2Xk9yTz4wEr6uAhJnGbLxQvKt0pD8m0s3o1qVfB5l4=',
    SECRET_KEY: 'b0yJ7mKq2Vx9Rt4Lw8Zc3"f6\\s1Dg5PaUeTi',
    METRICS_TOKEN: 'b7d1c0e49f3a5826b7d1c0e4',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20q9W8e7R6t5,x-tenant=Hq3kP0sL',
  };
  const secrets = secretValues(parseConfig(env, '/tmp'));

  it('of the settings is known in every form: whole, as part of a URL, as item of a list', () => {
    for (const each of ['Zk4pQ8/vN', 'Xq7rT2mW', env.GATEHOUSE_MASTER_KEY, env.SECRET_KEY, env.METRICS_TOKEN])
      expect(secrets).toContain(each);
    expect(secrets).toContain(env.GATEHOUSE_MASTER_KEY_PREVIOUS);
    expect(secrets).toContain('Bearer q9W8e7R6t5');
    expect(secrets).toContain('Hq3kP0sL');
  });

  it('of the settings does not reach the log, wherever in an entry somebody puts it', () => {
    for (const secret of secrets) {
      const line = logged((log) => {
        log.warn(`cannot reach ${secret}`);
        log.error({ err: new Error(`invalid: ${secret}`), of: { list: [secret], [secret]: 1 } }, 'm');
      }, secrets);
      expect(line).not.toContain(JSON.stringify(secret).slice(1, -1));
      for (const each of line.trim().split('\n')) JSON.parse(each);
    }
  });

  it('is known by its form, too: tokens, links, credentials in a URL', () => {
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl';
    for (const [text, secret] of [
      [`the token ${token} is old`, token],
      [`Authorization: Bearer ${token}`, token],
      ['Bearer cf_prod_9fK2mQ7x', 'cf_prod_9fK2mQ7x'],
      ['GET /set-password#token=AbCdEf012-_ failed', 'AbCdEf012-_'],
      ['callback?code=s3cr3tc0de&state=x', 's3cr3tc0de'],
      ['connect to redis://default:Hx72kq@cache:6379 failed', 'Hx72kq'],
    ] as const) {
      const line = logged((log) => log.warn({ err: new Error(text) }, text));
      expect(line, text).not.toContain(secret);
      expect(line).toContain('[redacted]');
    }
  });

  it('leaves what is none as it is', () => {
    const line = logged((log) =>
      log.info({ route: '/api/v1/users' }, 'listening on https://id.example.com:4000'),
    );
    expect(line).toContain('https://id.example.com:4000');
    expect(line).not.toContain('redacted');
  });
});
