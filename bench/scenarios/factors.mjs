// What a second factor costs the service beside the bare library call: the same code or answer, judged by the function that sign-in uses,
// which unseals what it compares with, and by the library alone. In one process, one after the other: no HTTP, no database.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runRounds } from '../harness/rounds.mjs';
import { compareRounds } from '../harness/statistics.mjs';

const AT_MOST = 1.5;
const ORIGIN = 'https://id.example.com';
const OWNER = {
  tenantId: '00000000-0000-7000-8000-000000000001',
  userId: '00000000-0000-7000-8000-000000000002',
};

export async function totp(context) {
  const { source, library } = reach(context);
  const { METHODS } = await source('features/auth/second-factor/methods.ts');
  const { sealSecret } = await source('features/auth/sealed-credentials.ts');
  const { Secret, TOTP } = await library('otpauth');
  const deps = await depsOf(source);
  const secret = randomBytes(20);
  const now = deps.clock.now();
  const form = { algorithm: 'SHA1', digits: 6, period: 30 };
  const held = () => new Secret({ buffer: new Uint8Array(secret).buffer });
  const code = new TOTP({ ...form, secret: held() }).generate({ timestamp: now.getTime() });
  const method = METHODS.find(({ kind }) => kind === 'totp');
  const rows = [
    { id: 'one', secret_sealed: sealSecret(deps.sealer, 'totp', OWNER, secret), last_step: null },
  ];
  const place = { at: 'session', by: 'bench' };
  return compare(context, 'totp: a code of an authenticator app', {
    gatehouse: async () =>
      (await method.find(deps, { owner: OWNER, rows, place }, { totp_code: code })) !== undefined,
    bare: async () =>
      TOTP.validate({ ...form, secret: held(), token: code, timestamp: now.getTime(), window: 1 }) !== null,
  });
}

export async function passkey(context) {
  const { source, library } = reach(context);
  const { judgePasskey, sealPasskey, userHandle } = await source('features/auth/passkeys/stored-passkey.ts');
  const { verifyAuthenticationResponse } = await library('@simplewebauthn/server');
  const deps = await depsOf(source);
  const { publicKey, response } = answerOf(userHandle(deps, OWNER));
  const stored = { id: response.id, publicKey: publicKey.toString('base64url'), transports: [] };
  const rows = [{ id: 'one', secret_sealed: sealPasskey(deps, OWNER, stored), sign_count: '0' }];
  return compare(context, 'passkey: an answer of a passkey, ES256', {
    gatehouse: async () => (await judgePasskey(deps, OWNER, rows, response, 'Y2hhbGxlbmdl')) !== undefined,
    bare: async () =>
      (
        await verifyAuthenticationResponse({
          response,
          expectedChallenge: 'Y2hhbGxlbmdl',
          expectedOrigin: ORIGIN,
          expectedRPID: 'id.example.com',
          credential: { id: response.id, publicKey: new Uint8Array(publicKey), counter: 0 },
        })
      ).verified,
  });
}

/** What the measured checkout has: its sources, which Node runs as they are, and the very library that they call. */
function reach({ checkout }) {
  const server = join(checkout, 'apps/server');
  const require = createRequire(join(server, 'package.json'));
  const load = (path) => import(pathToFileURL(path).href);
  return {
    source: (path) => load(join(server, 'src', path)),
    library: (name) => load(require.resolve(name)),
  };
}

async function depsOf(source) {
  const { createBlindIndex, createSealer } = await source('platform/crypto/index.ts');
  const now = new Date();
  return {
    clock: { now: () => now },
    sealer: createSealer([randomBytes(32)]),
    blindIndex: createBlindIndex(randomBytes(32)),
    config: { publicUrl: ORIGIN, name: 'Bench' },
  };
}

/** By WebAuthn: an authenticator that has just verified its user. */
function answerOf(handle) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const sha256 = (data) => createHash('sha256').update(data).digest();
  const clientData = Buffer.from(
    JSON.stringify({ type: 'webauthn.get', challenge: 'Y2hhbGxlbmdl', origin: ORIGIN, crossOrigin: false }),
  );
  const data = Buffer.concat([sha256('id.example.com'), Buffer.from('0500000001', 'hex')]);
  const id = randomBytes(32).toString('base64url');
  return {
    // COSE_Key: EC2, ES256, P-256.
    publicKey: Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]),
    response: {
      id,
      rawId: id,
      type: 'public-key',
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', Buffer.concat([data, sha256(clientData)]), privateKey).toString(
          'base64url',
        ),
        userHandle: handle,
      },
      clientExtensionResults: {},
    },
  };
}

async function compare(context, title, judged) {
  const subjects = Object.entries(judged)
    .filter(([name]) => !context.without.includes(name))
    .map(([name, judge]) => ({ name, judge }));
  const measure = async ({ name, judge }, seconds = context.seconds) => {
    let count = 0;
    const began = performance.now();
    let spent = 0;
    do {
      for (let i = 0; i < 20; i += 1)
        if (!(await judge())) throw new Error(`${name} finds the right one wrong`);
      count += 20;
      spent = performance.now() - began;
    } while (spent < seconds * 1000);
    return { perSecond: (count / spent) * 1000, microseconds: (spent / count) * 1000 };
  };
  const results = await runRounds({
    subjects,
    rounds: context.rounds,
    report: context.report,
    measure: (subject) => measure(subject),
    warmUp: (subject) => measure(subject, 1),
  });
  const middle = (name, of) =>
    compareRounds(
      results[name].map((round) => round[of]),
      results[name].map(() => 1),
    ).median;
  const ratio =
    results.gatehouse && results.bare
      ? compareRounds(
          results.gatehouse.map((round) => round.microseconds),
          results.bare.map((round) => round.microseconds),
        )
      : undefined;
  return {
    title,
    columns: ['a second', 'µs each'],
    rows: subjects.map(({ name }) => ({
      name,
      cells: [middle(name, 'perSecond'), middle(name, 'microseconds')],
      wrong: {},
    })),
    comparisons: ratio
      ? [
          {
            what: 'time of gatehouse / bare',
            ...ratio,
            target: AT_MOST,
            met: ratio.median <= AT_MOST,
            targetText: `at most ${AT_MOST}`,
          },
        ]
      : [],
    results,
  };
}
