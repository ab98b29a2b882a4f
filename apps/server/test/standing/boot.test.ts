import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/index.ts';
import { SETTINGS } from '../../src/config/schema.ts';

const RANDOM = 'pD8m0s3o1qVfB5l7c2Xk9yTz4wEr6uAhJnGbLxQvKt0=';
/** A deployment that may start. */
const PRODUCTION = {
  GATEHOUSE_MODE: 'production',
  GATEHOUSE_PUBLIC_URL: 'https://id.corp.internal',
  GATEHOUSE_MASTER_KEY: RANDOM,
  SMTP_URL: 'smtp://mailer:Xq7rT2mW@mail.corp.internal:587',
  DATABASE_URL: 'postgres://gatehouse:Zk4pQ8vN@db.corp.internal/gatehouse',
};
const HS256 = { ...PRODUCTION, TOKEN_ALGORITHM: 'hs256', SECRET_KEY: 'b0yJ7mKq2Vx9Rt4Lw8Zc3Nf6Hs1Dg5PaUeTi' };

function faultsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(env, '/tmp');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** A fault by the name of its setting; and never a value, which may be a secret in the wrong place. */
function expectRefused(env: Record<string, string | undefined>, name: string): void {
  const faults = faultsOf(env);
  expect(
    faults.some((fault) => fault.startsWith(name)),
    `${name}: ${JSON.stringify(faults)}`,
  ).toBe(true);
  // Short ones are words of the message itself ("0").
  const shown = [env[name] ?? ''].filter((value) => value.length > 5 && faults.join(' ').includes(value));
  expect(shown, name).toEqual([]);
}

const isAscii = (text: string) => Buffer.from(text.padEnd(32, '.').slice(0, 32)).toString('base64');
const bytes = (of: (i: number) => number) =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => of(i) & 255)).toString('base64');

describe('the configuration', () => {
  it('of a good deployment is taken, so that what follows is refused for its own fault', () => {
    expect(faultsOf(PRODUCTION)).toEqual([]);
    expect(faultsOf(HS256)).toEqual([]);
    expect(faultsOf({})).toEqual([]);
  });

  it('in production is refused without the secrets that it needs [threat 73] [threat 74]', () => {
    for (const name of ['GATEHOUSE_MASTER_KEY', 'SMTP_URL'] as const) {
      expectRefused({ ...PRODUCTION, [name]: undefined }, name);
      expectRefused({ ...PRODUCTION, [name]: '' }, name);
    }
    expect(faultsOf({ ...HS256, SECRET_KEY: undefined }).join()).toContain('SECRET_KEY');
    expect(faultsOf({ ...HS256, SECRET_KEY: '' }).join()).toContain('SECRET_KEY');
  });

  it('in production is refused with an open plain port, an http issuer, or a certificate of our own making', () => {
    expectRefused({ ...PRODUCTION, HOST: '0.0.0.0' }, 'HOST');
    expectRefused({ ...PRODUCTION, HOST: '10.0.0.5' }, 'HOST');
    expectRefused({ ...PRODUCTION, HOST: '::' }, 'HOST');
    for (const HOST of ['localhost', '127.0.0.1', '::1'])
      expect(faultsOf({ ...PRODUCTION, HOST })).toEqual([]);
    expect(faultsOf({ ...PRODUCTION, HOST: '0.0.0.0', TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual([]);
    const files = { TLS_CERT_FILE: '/tls/server.crt', TLS_KEY_FILE: '/tls/server.key' };
    expect(faultsOf({ ...PRODUCTION, ...files, HOST: '0.0.0.0' })).toEqual([]);
    expectRefused(
      { ...PRODUCTION, ...files, GATEHOUSE_PUBLIC_URL: 'http://id.corp.internal' },
      'GATEHOUSE_PUBLIC_URL',
    );
    expectRefused({ ...PRODUCTION, TLS_DEV: 'on' }, 'TLS_DEV');
  });

  it('of TLS names both files or neither, and one way only', () => {
    expectRefused({ TLS_CERT_FILE: '/tls/server.crt' }, 'TLS_CERT_FILE');
    expectRefused({ TLS_KEY_FILE: '/tls/server.key' }, 'TLS_CERT_FILE');
    expectRefused({ TLS_DEV: 'on', TLS_CERT_FILE: '/tls/a.crt', TLS_KEY_FILE: '/tls/a.key' }, 'TLS_DEV');
    expectRefused({ TLS_DEV: 'on', GATEHOUSE_PUBLIC_URL: 'http://192.0.2.7:4000' }, 'GATEHOUSE_PUBLIC_URL');
    expectRefused({ TLS_DEV: 'yes' }, 'TLS_DEV');
    const lan = parseConfig({ TLS_DEV: 'on', GATEHOUSE_PUBLIC_URL: 'https://192.0.2.7:4000' }, '/tmp');
    expect(lan).toMatchObject({ mode: 'development', tlsDev: true });
    expect(parseConfig({ TLS_DEV: 'on' }, '/tmp').publicUrl).toBe('https://localhost:4000');
  });

  it('is refused with a master key that is short, long, known, repeated or typed [threat 73] [threat 74]', () => {
    const keys = {
      short: Buffer.alloc(16, 7).toString('base64'),
      'one byte short': Buffer.from(RANDOM, 'base64').subarray(1).toString('base64'),
      long: Buffer.concat([Buffer.from(RANDOM, 'base64'), Buffer.from('x')]).toString('base64'),
      zeros: bytes(() => 0),
      'one byte': bytes(() => 65),
      'two bytes in turn': bytes((i) => i % 2),
      count: bytes((i) => i),
      'count from elsewhere': bytes((i) => 100 + i),
      'count downwards': bytes((i) => -i),
      'count by seven': bytes((i) => i * 7 + 3),
      'half twice': bytes((i) => ((i % 16) * 37) ^ 0x5a),
      'hex count': '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      'hex zeros': '0'.repeat(64),
      text: isAscii('correct horse battery staple, 32'),
      'known text': isAscii('0123456789abcdefghijklmnopqrstuv'),
      word: 'change-me',
      spaces: ' '.repeat(44),
    };
    for (const [why, key] of Object.entries(keys)) {
      expect(faultsOf({ ...PRODUCTION, GATEHOUSE_MASTER_KEY: key }).join(), why).toContain(
        'GATEHOUSE_MASTER_KEY',
      );
      expectRefused({ ...PRODUCTION, GATEHOUSE_MASTER_KEY: key }, 'GATEHOUSE_MASTER_KEY');
    }
  });

  it('is refused with a previous master key that is none, or known, or without the present one [threat 73]', () => {
    const PREVIOUS = 'GATEHOUSE_MASTER_KEY_PREVIOUS';
    const other = 'c2Xk9yTz4wEr6uAhJnGbLxQvKt0pD8m0s3o1qVfB5l4=';
    expect(faultsOf({ ...PRODUCTION, [PREVIOUS]: `${other}, ${RANDOM}` })).toEqual([]);
    // What was issued under it still counts, so that nobody else may know it either.
    expectRefused({ ...PRODUCTION, [PREVIOUS]: bytes((i) => i) }, PREVIOUS);
    expectRefused({ ...PRODUCTION, [PREVIOUS]: `${other},short` }, PREVIOUS);
    expectRefused({ [PREVIOUS]: other }, PREVIOUS);
  });

  it('is refused with a shared secret that is short, a placeholder or a pattern [threat 74]', () => {
    const secrets = [
      'short-but-random-9fK2',
      'x'.repeat(31),
      'x'.repeat(64),
      'abcabcabcabcabcabcabcabcabcabcabcabc',
      'b0yJ7mKq2Vx9Rt4Lb0yJ7mKq2Vx9Rt4L',
      'change-me-change-me-please-change-me',
      'your-256-bit-secret-for-signing-tokens',
      'default-jwt-key-do-not-use-anywhere-1',
      'supersecretsupersecretsupersecret42',
      'Kd83nfPassword-7hHs92mNcbW81lQpzT-01',
      '12345678901234567890123456789012',
      'gatehouse-development-signing-key-00',
    ];
    for (const SECRET_KEY of secrets) {
      const faults = faultsOf({ ...HS256, SECRET_KEY });
      expect(faults.join(), SECRET_KEY).toContain('SECRET_KEY');
      expect(faults.join()).not.toContain(SECRET_KEY);
    }
    // The length is RFC 7518's, whatever the mode.
    expect(faultsOf({ TOKEN_ALGORITHM: 'hs256', SECRET_KEY: 'short' }).join()).toContain('SECRET_KEY');
  });

  it('in production is refused with passwords that products ship with or anybody would try [threat 74]', () => {
    for (const password of [
      'Admin-1234',
      'Password1',
      'Changeme-1',
      'Welcome-2026',
      'Gatehouse1',
      'Qwerty-12',
    ])
      expectRefused(
        { ...PRODUCTION, GATEHOUSE_ADMIN_EMAIL: 'a@corp.internal', GATEHOUSE_ADMIN_PASSWORD: password },
        'GATEHOUSE_ADMIN_PASSWORD',
      );
    for (const password of ['postgres', 'password', 'secret', 'Changeme', 'admin', 'ro%6Ft'])
      for (const [name, scheme] of [
        ['DATABASE_URL', 'postgres'],
        ['DATABASE_ADMIN_URL', 'postgres'],
        ['VALKEY_URL', 'redis'],
        ['SMTP_URL', 'smtp'],
      ] as const)
        expectRefused({ ...PRODUCTION, [name]: `${scheme}://someone:${password}@host.internal/x` }, name);
  });

  it('has no default for any secret [threat 73] [threat 74]', () => {
    const secrets = Object.entries(SETTINGS).filter(([, { secret }]) => secret);
    expect(secrets.length).toBeGreaterThan(5);
    for (const [, setting] of secrets) expect(setting.parse(undefined), setting.name).toBeUndefined();
  });

  it('is refused with a name that is no setting, and with a setting of another type', () => {
    expectRefused({ GATEHOUSE_MASTERKEY: RANDOM }, 'GATEHOUSE_MASTERKEY');
    expectRefused({ GATEHOUSE_DEV_LOGIN: '1' }, 'GATEHOUSE_DEV_LOGIN');
    const wrong = {
      PORT: '70000',
      BCRYPT_COST: '9',
      RATE_LIMIT_AUTH_PER_MINUTE: '0',
      LOCKOUT_ATTEMPTS: 'never',
      TOKEN_ALGORITHM: 'none',
      GATEHOUSE_MODE: 'staging',
      AUTH_POLICY: 'open',
      BODY_LIMIT_BYTES: '-1',
      DATABASE_URL: 'mysql://localhost/x',
      SMTP_URL: 'http://localhost',
      ALLOW_ORIGINS: '*',
      TRUSTED_PROXIES: 'everybody',
      GATEHOUSE_PUBLIC_URL: 'ftp://x',
    };
    for (const [name, value] of Object.entries(wrong)) expectRefused({ [name]: value }, name);
    // All at once, each by its name.
    const faults = faultsOf(wrong);
    for (const name of Object.keys(wrong))
      expect(
        faults.some((fault) => fault.startsWith(name)),
        name,
      ).toBe(true);
  });

  // At every start: whether there is an administrator already is not known before the database is, and the setting is wrong in
  // both cases.
  it('is refused with a first administrator who could not be made', () => {
    const email = 'ada@corp.internal';
    for (const password of [
      'weak',
      'no-capital-1',
      'NO-SMALL-1',
      'No-digit-x',
      `Aa1${'é'.repeat(35)}`,
      'Nul-\0-in-it-1',
    ])
      expectRefused(
        { GATEHOUSE_ADMIN_EMAIL: email, GATEHOUSE_ADMIN_PASSWORD: password },
        'GATEHOUSE_ADMIN_PASSWORD',
      );
    for (const address of ['ada', 'ada@', 'ada@x.example, eve@x.example', 'ada\u202e@x.example'])
      expectRefused(
        { GATEHOUSE_ADMIN_EMAIL: address, GATEHOUSE_ADMIN_PASSWORD: 'Engine-Number-2' },
        'GATEHOUSE_ADMIN_EMAIL',
      );
    expect(faultsOf({ GATEHOUSE_ADMIN_EMAIL: email, GATEHOUSE_ADMIN_PASSWORD: 'Engine-Number-2' })).toEqual(
      [],
    );
    // With the other faults, in one message.
    const all = faultsOf({
      GATEHOUSE_ADMIN_EMAIL: email,
      GATEHOUSE_ADMIN_PASSWORD: 'weak',
      COOKIE_SAMESITE: 'none',
    });
    expect(all).toHaveLength(2);
  });

  it('is refused where settings are unsafe together', () => {
    const https = { GATEHOUSE_PUBLIC_URL: 'http://id.corp.internal' };
    expectRefused({ ...PRODUCTION, ...https }, 'GATEHOUSE_PUBLIC_URL');
    expectRefused(
      { ...PRODUCTION, GATEHOUSE_PUBLIC_URL: 'https://id.corp.internal/base' },
      'GATEHOUSE_PUBLIC_URL',
    );
    expectRefused({ COOKIE_SAMESITE: 'none' }, 'COOKIE_SAMESITE');
    expectRefused({ REFRESH_COOKIE_SAMESITE: 'none' }, 'REFRESH_COOKIE_SAMESITE');
    expectRefused({ ...PRODUCTION, ALLOW_ORIGINS: 'http://app.corp.internal' }, 'ALLOW_ORIGINS');
    expectRefused({ GATEHOUSE_ADMIN_EMAIL: 'a@corp.internal' }, 'GATEHOUSE_ADMIN_EMAIL');
    for (const everybody of ['0.0.0.0/0', '::/0', '10.0.0.0/8, 0.0.0.0/0'])
      expectRefused({ TRUSTED_PROXIES: everybody }, 'TRUSTED_PROXIES');
    for (const origin of ['https://app.corp.internal/path', 'https://*.corp.internal', 'null'])
      expectRefused({ ALLOW_ORIGINS: origin }, 'ALLOW_ORIGINS');
    for (const prefix of ["x'; drop role y; --", 'Upper_', '1_', 'x'.repeat(40)])
      expectRefused({ DATABASE_ROLE_PREFIX: prefix }, 'DATABASE_ROLE_PREFIX');
  });

  it('is production wherever others can reach it, unless it is said otherwise', () => {
    expect(parseConfig({}, '/tmp').mode).toBe('development');
    expect(faultsOf({ GATEHOUSE_PUBLIC_URL: 'https://id.corp.internal' }).join()).toContain(
      'GATEHOUSE_MASTER_KEY',
    );
    expect(faultsOf({ NODE_ENV: 'production' }).join()).toContain('GATEHOUSE_MASTER_KEY');
    expect(parseConfig(PRODUCTION, '/tmp').registration).toBe('closed');
  });

  it('takes a secret from a file, and not from two places at once', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-secret-')), 'key');
    writeFileSync(file, `${RANDOM}\n`);
    const { GATEHOUSE_MASTER_KEY: _, ...rest } = PRODUCTION;
    expect(parseConfig({ ...rest, GATEHOUSE_MASTER_KEY_FILE: file }, '/tmp').masterKey).toBe(RANDOM);
    expectRefused({ ...PRODUCTION, GATEHOUSE_MASTER_KEY_FILE: file }, 'GATEHOUSE_MASTER_KEY');
    expectRefused({ ...rest, GATEHOUSE_MASTER_KEY_FILE: '/nowhere/key' }, 'GATEHOUSE_MASTER_KEY');
    // Only secrets have a file.
    expectRefused({ GATEHOUSE_NAME_FILE: file }, 'GATEHOUSE_NAME_FILE');
  });
});
