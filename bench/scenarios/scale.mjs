// Does a request cost more among a million people than among a thousand? Both deployments are up, on one PostgreSQL, and
// measured in turn; a thousand people of each send requests, whoever comes next. Then pages of long lists.
import pg from 'pg';
import { createSealer } from '../../apps/server/src/platform/crypto/seal.ts';
import { sha256 } from '../../apps/server/src/platform/crypto/digest.ts';
import { formatRefreshToken } from '../../apps/server/src/features/auth/refresh-token.ts';
import { compareRounds } from '../harness/statistics.mjs';
import { runRounds } from '../harness/rounds.mjs';
import { settingsOf } from '../seed/folder.mjs';
import { familySecretOf, PASSWORD, USER_AGENT } from '../seed/people.mjs';
import { measureLists } from './lists.mjs';
import { startOurs } from './subjects.mjs';
import { gatherWrong, medianOf } from './throughput.mjs';

const PEOPLE = 1000;
const ACTIONS = ['login', 'renewal', 'me'];
const AT_MOST = 1.2;
const PAGE_MS = 50;

export async function scale(context) {
  const { seeded } = context;
  if (!seeded.deployments.large) throw new Error('the folder was seeded without the large deployment');
  const starters = ['small', 'large'].map((name) => [
    name,
    () =>
      startOurs(context, {
        name,
        signIn: false,
        seeded: settingsOf(seeded, name, context.postgres.urlOf(name)),
      }),
  ]);
  const subjects = await context.start(Object.fromEntries(starters));
  const first = {};
  for (const subject of subjects) {
    context.report.progress(`  ${subject.name}: sessions of ${PEOPLE} people`);
    const people = await listPeople(subject, seeded);
    first[subject.name] = await subject.run('plant crowd', { people, connections: context.connections });
  }
  const results = {};
  for (const action of ACTIONS) {
    const measured = await runRounds({
      subjects,
      rounds: context.rounds,
      report: context.report,
      warmUp: (subject) => subject.run('closed by crowd', { action, seconds: Math.min(2, context.seconds) }),
      measure: (subject) => subject.run('closed by crowd', { action, seconds: context.seconds }),
    });
    for (const { name } of subjects) results[`${action}, ${name}`] = measured[name];
  }
  const lists = await measureLists(
    context,
    subjects.find(({ name }) => name === 'large'),
    seeded.deployments.large,
  );
  const { people, tenants } = seeded.deployments.large;
  return {
    title: `scale: a thousand people in ten tenants, and ${people} in ${tenants}`,
    columns: [
      'per second',
      'server µs each',
      'database µs each',
      'server core',
      'database',
      'p50 ms',
      'p99 ms',
      'noise, cores',
    ],
    rows: Object.entries(results).map(([name, rounds]) => ({
      name,
      cells: [
        'perSecond',
        'serverCpuMicros',
        'databaseCpuMicros',
        'serverCoreShare',
        'databaseCoreShare',
        'p50',
        'p99',
        'noiseCores',
      ].map((field) => medianOf(rounds, field)),
      wrong: gatherWrong(rounds),
    })),
    comparisons: [
      ...ACTIONS.map((action) => {
        const ratio = compareRounds(
          ...['large', 'small'].map((name) => results[`${action}, ${name}`].map(costOf)),
        );
        const met = ratio.median <= AT_MOST;
        return {
          what: `${action}: server and database CPU each, large / small`,
          ...ratio,
          target: AT_MOST,
          met,
          targetText: `at most ${AT_MOST}`,
        };
      }),
      ...lists.flatMap(({ what, ordinal, first: firstPage, last }) =>
        [
          [`first page of ${what}, ms`, firstPage],
          [`${ordinal} page of ${what}, ms`, last],
        ].map(([text, times]) => {
          const figure = compareRounds(
            times,
            times.map(() => 1),
          );
          const met = figure.median < PAGE_MS;
          return { what: text, ...figure, target: PAGE_MS, met, targetText: `under ${PAGE_MS}` };
        }),
      ),
    ],
    notes: [
      ...ACTIONS.map((action) => ({
        what: `${action}: database CPU alone, large / small`,
        ...compareRounds(
          ...['large', 'small'].map((name) => results[`${action}, ${name}`].map((r) => r.databaseCpuMicros)),
        ),
      })),
      {
        what: "a session's first renewal after the start: server and database CPU, large / small",
        ...compareRounds([costOf(first.large)], [costOf(first.small)]),
      },
    ],
    results,
  };
}

const costOf = ({ serverCpuMicros, databaseCpuMicros }) => serverCpuMicros + databaseCpuMicros;

/** A thousand people at random, each with the cookie of the session that seeding left them. */
async function listPeople({ database }, { masterKey }) {
  const key = Buffer.from(masterKey, 'base64');
  const sealer = createSealer([key]);
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select s.tenant_id, s.id, s.generation, s.family_secret_hash, u.email
       from gatehouse.sessions s join gatehouse.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
       where s.user_agent = $1 and s.ended_at is null and s.idle_expires_at > now() order by random() limit $2`,
      [USER_AGENT, PEOPLE],
    );
    const people = rows.flatMap((row) => {
      const familySecret = familySecretOf(key, row.id);
      if (!sha256(familySecret).equals(row.family_secret_hash)) return [];
      const token = { tenantId: row.tenant_id, sessionId: row.id, generation: row.generation, familySecret };
      return [
        {
          cookies: [{ name: '__Secure-gh.console.rt', value: formatRefreshToken(token, sealer) }],
          credentials: { email: row.email, password: PASSWORD },
        },
      ];
    });
    if (people.length < PEOPLE)
      throw new Error(`of the seeded sessions ${people.length} are left: they last seven days; seed again`);
    return people;
  } finally {
    await client.end();
  }
}
