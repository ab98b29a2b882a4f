// How long an auditor waits for the verdict on a million records, judged by the command line as it ships: from a file and the
// public keys, without server or database.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { compareRounds } from '../harness/statistics.mjs';
import { runGatehouse } from './subjects.mjs';

const SECONDS = 60;
const MILLION = 1_000_000;

export async function auditMillion(context) {
  const deployment = context.seeded.deployments.audit;
  if (!deployment) throw new Error('the folder was seeded without the busy tenant');
  const [file, keys] = [join(context.seededDir, 'audit.jsonl'), join(context.seededDir, 'audit-keys.json')];
  const judged = [];
  // Minutes each: three tell whether the machine was quiet.
  for (let round = 1; round <= Math.min(3, context.rounds); round += 1) {
    context.report.progress(`  round ${round}: verifying`);
    const command = await runGatehouse(['audit', 'verify', file, '--key', keys], context, context.machine);
    const records = Number(/^OK: (\d+) records/m.exec(command.output)?.[1]);
    if (!(records >= deployment.records)) throw new Error(`the export does not verify:\n${command.output}`);
    judged.push({ records, seconds: command.seconds });
  }
  const ones = judged.map(() => 1);
  const seconds = compareRounds(
    judged.map((round) => round.seconds),
    ones,
  );
  const [{ records }] = judged;
  const figure = (what, value) => ({ what, ...compareRounds([value], [1]) });
  return {
    title: `audit-million: ${records} records of one tenant, ${Math.round(statSync(file).size / 1e6)} MB as JSON Lines`,
    columns: ['seconds', 'records a second'],
    rows: [{ name: 'verify', cells: [seconds.median, records / seconds.median], wrong: {} }],
    comparisons: [
      {
        what: `seconds to verify ${records} records`,
        ...seconds,
        target: SECONDS,
        // Of fewer records nobody can tell.
        met: seconds.median < SECONDS && records >= MILLION,
        targetText: `a million in under ${SECONDS}`,
      },
    ],
    notes: [
      figure(
        'records sealed per second while the folder was seeded',
        deployment.sealed / deployment.sealSeconds,
      ),
      figure('records exported per second while the folder was seeded', records / deployment.exportSeconds),
    ],
    results: { verify: judged },
  };
}
