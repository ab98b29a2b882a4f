/**
 * Runs `measure` for each subject in each round, after a warm-up. The order turns by one place each round, so
 * that no subject always follows the same other one.
 */
export async function runRounds({ subjects, rounds, report, measure, warmUp }) {
  for (const subject of subjects) {
    report.progress(`  warming up ${subject.name}`);
    await warmUp(subject);
  }
  const results = Object.fromEntries(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < subjects.length; turn += 1) {
      const subject = subjects[(round + turn) % subjects.length];
      report.progress(`  round ${round + 1} of ${rounds}: ${subject.name}`);
      results[subject.name].push(await measure(subject));
    }
  }
  return results;
}
