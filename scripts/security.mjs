// `npm run security -- --target URL`: the incidents of docs/security/threats.md, tried on any deployment of Gatehouse from outside.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { continueInBundledNode, root } from './bundled-node.mjs';
import { inside } from './security/inside.mjs';
import { outside } from './security/outside.mjs';
import { createTarget, enter, Unreachable } from './security/target.mjs';

continueInBundledNode();

const USAGE = `Usage: npm run security -- --target URL [options]

Tries the incidents of docs/security/threats.md on a deployment of yours, over HTTP, and says for each: immune, NOT IMMUNE, or not
tested from outside and which test of this repository covers it. Only on what is yours, or with its owner's word.

  --target URL                https://id.example.com
  --email ADDRESS             an account made for this, better in a tenant of its own: more can be tried
  --password-file FILE        its password (or GATEHOUSE_SUITE_PASSWORD)
  --other-email ADDRESS       a second account, in another tenant: ids of one are tried by the other
  --other-password-file FILE  its password (or GATEHOUSE_SUITE_OTHER_PASSWORD)
  --token-file FILE           a bearer token of such an account (or GATEHOUSE_SUITE_TOKEN), from which forgeries are made
  --json FILE                 the report for programs, too

It harms nobody: no address that exists is guessed at but the suite's own (one wrong password), no mail is caused, and it keeps to
the limits; so it takes a minute or two. It uses up the sign-in limit of the address from which it runs, for a minute.

Exit status: 0 immune as far as was tried, 1 NOT IMMUNE to something, 2 wrong arguments or no answer.`;

const options = argumentsOf(process.argv.slice(2));
const target = createTarget(options.target);
try {
  if ((await target.get('/health/live')).status !== 200)
    throw new Unreachable(`${options.target}/health/live does not say that a Gatehouse is there`);
  const account = await accountOf(options.email, options['password-file'], 'GATEHOUSE_SUITE_PASSWORD');
  const other = await accountOf(
    options['other-email'],
    options['other-password-file'],
    'GATEHOUSE_SUITE_OTHER_PASSWORD',
  );
  const results = await tryAll({
    target,
    account,
    other,
    token: secretOf(options['token-file'], 'GATEHOUSE_SUITE_TOKEN'),
  });
  process.exitCode = report(results) ? 0 : 1;
} catch (error) {
  if (!(error instanceof Unreachable)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 2;
}

function argumentsOf(args) {
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({
      args,
      options: {
        target: text,
        email: text,
        'password-file': text,
        'other-email': text,
        'other-password-file': text,
        'token-file': text,
        json: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    if (!/^https?:\/\/[^/]+\/?$/.test(values.target ?? ''))
      throw new Error('--target must be a URL without a path, such as https://id.example.com');
    return values;
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function accountOf(email, file, variable) {
  if (email === undefined) return undefined;
  const password = secretOf(file, variable);
  if (!password) throw new Unreachable(`${email} needs a password: in a file, or in ${variable}`);
  return enter(target, { email, password });
}

/** Never an argument: those are for everybody on the machine to read. */
function secretOf(file, variable) {
  if (file === undefined) return process.env[variable];
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    throw new Unreachable(`${file} cannot be read (${error.code})`);
  }
}

async function tryAll(context) {
  const results = [];
  const probes = [
    ...outside.filter(({ last }) => !last),
    ...inside.map((probe) => ({ ...probe, needs: 'an account (--email)' })),
    ...outside.filter(({ last }) => last),
  ];
  for (const { rows, title, needs, run } of probes) {
    let outcome = needs && !context.account ? { left: `needs ${needs}` } : undefined;
    try {
      outcome ??= await run(context);
    } catch (error) {
      // What cannot be asked is not immune, and not the opposite either; a deployment that breaks down is not immune.
      outcome =
        error instanceof Unreachable
          ? [`it gave no answer (${error.message})`]
          : [`the probe broke on its answer (${error.message})`];
    }
    const faults = Array.isArray(outcome) ? outcome : [];
    const verdict = Array.isArray(outcome) ? (faults.length === 0 ? 'immune' : 'NOT IMMUNE') : 'not tried';
    results.push({ rows, title, verdict, faults, left: outcome.left });
    console.log(
      `${verdict === 'immune' ? '✓' : verdict === 'not tried' ? '·' : '✗'} ${title}${outcome.left ? ` (${outcome.left})` : ''}`,
    );
    for (const fault of faults.slice(0, 10)) console.log(`    ${fault}`);
    if (faults.length > 10) console.log(`    … and ${faults.length - 10} more`);
  }
  return results;
}

/** Each row of the table, by what was tried, or by the test that covers it. */
function report(results) {
  const rows = readFileSync(join(root, 'docs', 'security', 'threats.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, number, incident, proof] = /^\| (\d+) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
      return number
        ? [
            {
              row: Number(number),
              incident,
              tests: [...proof.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => file),
            },
          ]
        : [];
    });
  const lines = rows.map(({ row, incident, tests }) => {
    const tried = results.filter((each) => each.rows.includes(row));
    const verdict = tried.some((each) => each.verdict === 'NOT IMMUNE')
      ? 'NOT IMMUNE'
      : tried.some((each) => each.verdict === 'immune')
        ? 'immune'
        : tried.length > 0
          ? 'not tried'
          : 'not tested from outside';
    const why =
      verdict === 'not tried' ? tried[0].left : `tests: ${[...new Set(tests)].slice(0, 2).join(', ')}`;
    return { row, incident, verdict, why };
  });
  const beyond = results.filter((each) => !each.rows.some((row) => rows.some((known) => known.row === row)));
  console.log(`\nRow  ${'verdict'.padEnd(24)} incident`);
  for (const { row, incident, verdict, why } of lines) {
    console.log(`${String(row).padStart(3)}  ${verdict.padEnd(24)} ${incident}`);
    if (verdict !== 'immune' && verdict !== 'NOT IMMUNE') console.log(`     ${' '.repeat(24)} ${why}`);
  }
  const counted = (verdict) => lines.filter((line) => line.verdict === verdict).length;
  const bad = results.filter(({ verdict }) => verdict === 'NOT IMMUNE');
  console.log(
    `\n${options.target}: ${counted('immune')} rows immune, ${counted('NOT IMMUNE')} NOT IMMUNE, ${counted('not tried')} not tried, ${counted('not tested from outside')} not tested from outside` +
      `${beyond.length > 0 ? `; ${beyond.length} probes of rows beyond the table` : ''}.`,
  );
  console.log('Immune means: as far as these requests see. The tests that are named see more.');
  if (options.json)
    writeFileSync(
      options.json,
      `${JSON.stringify({ target: options.target, at: new Date().toISOString(), rows: lines, probes: results }, null, 2)}\n`,
    );
  return bad.length === 0;
}
