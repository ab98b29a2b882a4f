#!/usr/bin/env node
// Makes the large deployments that some scenarios are measured on. Old syntax where it must run on any Node from 18 on.
import { parseArgs } from 'node:util';
import { fail, prepare } from './harness/launch.mjs';

const HELP = `Makes deployments of Gatehouse that are large, in a folder that is kept: a PostgreSQL with three databases.

Usage: node bench/seed.mjs --dir PATH [options]

  large   --users people in --tenants tenants, a tenth of them in one tenant; what the first administrator, the mailed
          link and the sign-in of each would have left behind: password, home membership, session, audit record
  small   the same with a thousand people in ten tenants
  audit   --records audit records of one busy tenant, sealed and exported

Options
  --dir PATH      an empty or new folder; one that was seeded before is made anew only with --again
  --users N       people in the large deployment (default 1000000)
  --tenants N     tenants in the large deployment (default 10000)
  --records N     audit records of the busy tenant (default 1000000)
  --only NAME     make one of the three only: large (with small) or audit
  --port N        a port for PostgreSQL and one after it for Gatehouse, on 127.0.0.1 (default 4160)
  --again         remove what was seeded before
  --help          this text

Examples
  node bench/seed.mjs --dir /var/tmp/gatehouse-million
  node bench/run.mjs scale audit-million --seeded /var/tmp/gatehouse-million
  node bench/seed.mjs --dir /tmp/little --users 20000 --tenants 200 --records 20000     a rehearsal
`;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        dir: { type: 'string' },
        users: { type: 'string', default: '1000000' },
        tenants: { type: 'string', default: '10000' },
        records: { type: 'string', default: '1000000' },
        only: { type: 'string' },
        port: { type: 'string', default: '4160' },
        again: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    for (const name of ['users', 'tenants', 'records', 'port']) {
      values[name] = Number(values[name]);
      if (!Number.isInteger(values[name]) || values[name] < 1)
        fail(`--${name} wants a whole number above 0.`);
    }
    if (values.help) return values;
    if (values.dir === undefined) fail('--dir says where the databases go, and is needed.');
    if (values.users < 1000 || values.tenants < 10 || values.tenants > values.users / 10)
      fail('The large deployment has 1000 users or more, and ten or more for each of ten or more tenants.');
    if (values.only !== undefined && !['large', 'audit'].includes(values.only))
      fail('--only wants large or audit.');
    return values;
  } catch (error) {
    return fail(`${error.message}\nTry: node bench/seed.mjs --help`);
  }
}

const options = readArguments();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
prepare();
const { seed } = await import('./seed/seed.mjs');
await seed(options).catch((error) => fail(error.stack ?? error.message));
