// Who may import whom. The shape of the house is  main → app → features/* → platform/*  and each rule below says which
// mistake it prevents. What an import cannot show (process.env, SQL in a string, a bare fetch) is in scripts/rules.mjs.

const server = '^apps/server/src';

/** Tests and what serves only tests: they may reach for the database, keys and sockets themselves. */
const testCode =
  '\\.test\\.(tsx?|mjs)$|^apps/server/(test|testing)/|^packages/testing/|^e2e/|^bench/|/vitest\\.[^/]*$';

/** One technology, one home: everything else speaks to the home's functions, so that it can be reviewed in one place. */
const homes = [
  {
    name: 'sql-stays-in-repositories',
    why: 'SQL is reviewed as SQL: only *.repo.ts, platform/database, platform/postgres and db/ see the query builder or driver.',
    technology: ['kysely', 'pg', 'pg-[^/]+'],
    home: `${server}/(.*\\.repo\\.ts$|platform/(database|postgres)/)|^db/`,
  },
  {
    name: 'keys-and-hashing-stay-in-platform-crypto',
    why: 'SECURITY: every hash, MAC, cipher, signature and secret random number is made in platform/crypto, where it is audited once.',
    technology: ['node:crypto', 'crypto', 'jose', '@node-rs/(bcrypt|argon2)', '@simplewebauthn/server'],
    home: `${server}/platform/crypto/`,
  },
  {
    name: 'outbound-http-stays-in-http-client',
    why: 'SECURITY: platform/http-client refuses inside networks; a request made elsewhere can be turned on them (SSRF).',
    technology: ['undici', 'node:http2?', 'node:https', 'https?'],
    // The port of the metrics listens, and calls nobody.
    home: `${server}/platform/(http-client/|metrics/metrics-server\\.ts$)`,
    // Types of requests and responses say nothing to a network.
    typesAllowed: true,
  },
  {
    name: 'sockets-stay-in-platform',
    why: 'A raw socket is an outbound call as well; features have no reason to open one.',
    technology: ['node:net', 'node:tls', 'node:dgram', 'net', 'tls', 'dgram'],
    home: `${server}/platform/|${server}/config/|${server}/cli/`,
    typesAllowed: true,
  },
  {
    name: 'mail-stays-in-platform-mail',
    why: 'Mail leaves by the outbox after its transaction; sending it from anywhere else would tell people of things that never happened.',
    technology: ['nodemailer'],
    home: `${server}/platform/mail/`,
  },
  {
    name: 'limits-stay-in-platform-limits',
    why: 'Limits hold across nodes only when all of them count in one store.',
    technology: ['rate-limiter-flexible', 'ioredis'],
    home: `${server}/platform/(limits|cache)/`,
  },
];

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      // Types alone may go round: they are gone before anything is loaded.
      comment: 'Two files that import each other are one file in two places. Move what both need below them.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'Nobody imports this file and it starts nothing: delete it, or import it where it belongs.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '\\.d\\.ts$',
          '\\.test\\.tsx?$',
          '(^|/)(vite|vitest|playwright)[^/]*\\.config\\.[^/]+$',
          '^scripts/',
          '^e2e/',
          `${server}/(main|cli/[^/]+)\\.ts$`,
          '-worker\\.ts$',
        ],
      },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'The file or package does not exist, or is not installed.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies',
      comment:
        "A package is imported by whoever lists it in its own package.json; another workspace's will not always be there.",
      severity: 'error',
      from: { pathNot: [testCode, '^scripts/', '^db/', '\\.config\\.[^/]+$'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-tools-at-run-time',
      comment: 'A devDependency is not there in production.',
      severity: 'error',
      from: { path: `${server}/`, pathNot: testCode },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm', 'npm-peer'],
        pathNot: '/@types/',
      },
    },

    {
      name: 'platform-knows-no-features',
      comment: 'platform/ is what features stand on. Hand it a function instead of letting it reach up.',
      severity: 'error',
      from: { path: `${server}/platform/`, pathNot: testCode },
      to: { path: `${server}/(features/|cli/|app\\.ts|main\\.ts|app/)` },
    },
    {
      name: 'features-meet-at-their-faces',
      comment:
        "A feature imports another one's index.ts, never what lies behind it. What is not exported there is not promised.",
      severity: 'error',
      from: { path: `${server}/features/([^/]+)/`, pathNot: testCode },
      to: {
        path: `${server}/features/[^/]+/`,
        pathNot: [`${server}/features/$1/`, `${server}/features/[^/]+/index\\.ts$`],
      },
    },
    {
      name: 'the-app-enters-by-the-faces',
      comment: 'app, main and cli compose features through their index.ts, like everybody.',
      severity: 'error',
      from: { path: `${server}/`, pathNot: [`${server}/features/`, testCode] },
      to: { path: `${server}/features/[^/]+/`, pathNot: `${server}/features/[^/]+/index\\.ts$` },
    },
    {
      name: 'features-know-no-app',
      comment: 'app.ts composes features; a feature that imports it turns the house upside down.',
      severity: 'error',
      from: { path: `${server}/features/`, pathNot: testCode },
      to: { path: `${server}/(cli/|app\\.ts|main\\.ts|app/)` },
    },
    {
      name: 'config-stands-alone',
      comment: 'Configuration is read before anything else exists; it must not start, log or connect.',
      severity: 'error',
      from: { path: `${server}/config/`, pathNot: testCode },
      to: { path: `${server}/`, pathNot: `${server}/config/` },
    },

    {
      name: 'contracts-do-no-io',
      comment:
        'contracts is vocabulary for servers, browsers and SDKs alike: schemas and data, no Node, no network.',
      severity: 'error',
      from: { path: '^packages/contracts/src/', pathNot: testCode },
      to: { pathNot: '^packages/contracts/src/|(^|/)node_modules/typebox/' },
    },
    {
      name: 'packages-know-no-apps',
      comment:
        'Packages are for others to build on; what a package needs from an app belongs into a package.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-talk-over-http',
      comment:
        'The console knows the server by its HTTP contract only, and the server serves the console as files.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: testCode },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'browsers-have-no-node',
      comment: 'This code runs in a browser.',
      severity: 'error',
      from: { path: '^(apps/console|packages/browser)/src/', pathNot: testCode },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'tests-stay-out',
      comment: 'SECURITY: fake clocks and providers that say yes must never be part of what runs.',
      severity: 'error',
      from: { pathNot: testCode },
      to: { path: testCode },
    },

    ...homes.map(({ name, why, technology, home, typesAllowed }) => ({
      name,
      comment: why,
      severity: 'error',
      from: { path: `${server}/`, pathNot: [home, testCode] },
      to: {
        path: technology.map((pattern) => `^${pattern}$|(^|/)node_modules/(@types/)?${pattern}/`),
        ...(typesAllowed ? { dependencyTypesNot: ['type-only'] } : {}),
      },
    })),
  ],

  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(apps|packages)/[^/]+/(dist|coverage)/|^bench/|^examples/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectProcessBuiltinModuleCalls: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'browser', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.css'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
