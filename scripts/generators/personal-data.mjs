// docs/security/personal-data.md: which column of the database an export of a person has, and why not the others.
import { join } from 'node:path';
import { root } from '../bundled-node.mjs';

export default {
  name: 'personal-data',
  output: 'docs/security/personal-data.md',
  async produce() {
    const { PERSONAL_COLUMNS } = await import(
      join(root, 'apps/server/src/features/personal-data/personal-columns.ts')
    );
    const exported = [];
    const reasons = new Map();
    for (const [table, columns] of Object.entries(PERSONAL_COLUMNS))
      for (const [column, place] of Object.entries(columns)) {
        const name = `\`${table}.${column}\``;
        if ('in' in place) exported.push(`| ${name} | \`${place.in}\` |`);
        else reasons.set(place.out, [...(reasons.get(place.out) ?? []), name]);
      }
    return [
      '# Personal data, column by column',
      '',
      'Generated from `features/personal-data/personal-columns.ts` (`npm run generate`). Every column of the database that can hold content is',
      'in one of the two tables; `apps/server/test/standing/personal-data.test.ts` compares them with the catalog of a migrated database. What an',
      'export looks like is the schema `PersonalData` of the [API](../../README.md#with-curl); what erasure does is in',
      '[the guide](../guides/personal-data.md).',
      '',
      '## In the export',
      '',
      '| column | where |',
      '|---|---|',
      ...exported,
      '',
      '## Not in the export, and why',
      '',
      '| reason | columns |',
      '|---|---|',
      ...[...reasons].map(([reason, names]) => `| ${reason} | ${names.join(', ')} |`),
      '',
    ].join('\n');
  },
};
