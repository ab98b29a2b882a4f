import { describe, expect, it } from 'vitest';
import { faultsOf, parse } from './generators/migrations.mjs';

const landed = parse(
  `${'a'.repeat(64)}  migrations/0001_core.sql\n${'b'.repeat(64)}  migrations/0002_more.sql\n`,
);

describe('the list of migrations that landed', () => {
  it('takes new files, and says of one that was changed or removed what to do', () => {
    expect(faultsOf(landed, new Map([...landed, ['0003_new.sql', 'c']]))).toEqual([]);
    expect(faultsOf(landed, new Map([...landed, ['0001_core.sql', 'c']]))).toEqual([
      expect.stringMatching(
        /^db\/migrations\/0001_core\.sql was changed after it had landed\..*into a new file\.$/,
      ),
    ]);
    expect(faultsOf(landed, new Map([...landed].slice(0, 1)))).toEqual([
      expect.stringMatching(/^db\/migrations\/0002_more\.sql was removed after it had landed\./),
    ]);
  });

  it('with a line that is none of its own is not taken for shorter', () => {
    expect(() => parse('abc  migrations/0001_core.sql\n')).toThrow(/holds a line that is no hash/);
  });
});
