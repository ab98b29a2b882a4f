// Tables for people; JSON lines for programs.
export function createReport({ json }) {
  const people = json ? process.stderr : process.stdout;
  const line = (record) => json && process.stdout.write(`${JSON.stringify(record)}\n`);

  return {
    progress: (text) => process.stderr.write(`${text}\n`),
    machine(machine, text) {
      line({ kind: 'machine', date: new Date().toISOString(), ...machine });
      people.write(`\n${text}\n`);
    },
    scenario(name, { title, columns, rows, comparisons, notes = [], results }) {
      for (const [subject, rounds] of Object.entries(results)) {
        rounds.forEach((result, index) =>
          line({ kind: 'round', scenario: name, subject, round: index + 1, ...result }),
        );
      }
      for (const comparison of [...comparisons, ...notes])
        line({ kind: 'comparison', scenario: name, ...comparison });
      people.write(`\n${title}\n${renderTable(columns, rows)}${rows.map(renderWrong).join('')}`);
      people.write([...comparisons, ...notes].map(renderComparison).join(''));
    },
    failure(name, error) {
      line({ kind: 'failure', scenario: name, error: error.message });
      process.stderr.write(`\n${name}: FAILED\n${error.stack}\n`);
    },
  };
}

function renderTable(columns, rows) {
  const lines = [['', ...columns], ...rows.map(({ name, cells }) => [name, ...cells.map(formatNumber)])];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  return lines
    .map((cells) =>
      cells.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))),
    )
    .map((cells) => `  ${cells.join('   ')}\n`)
    .join('');
}

function renderWrong({ name, wrong }) {
  const kinds = Object.entries(wrong).map(([key, count]) => `${count} × ${key}`);
  return kinds.length === 0 ? '' : `  ${name} also answered: ${kinds.join(', ')}\n`;
}

function renderComparison({ what, min, median, max, target, met, targetText }) {
  const verdict = target === undefined ? '' : `   ${met ? 'met' : 'MISSED'}: ${targetText}`;
  return `  ${what}: ${formatNumber(median)}   (rounds ${formatNumber(min)} to ${formatNumber(max)})${verdict}\n`;
}

function formatNumber(value) {
  if (value === null || value === undefined) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toString();
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
