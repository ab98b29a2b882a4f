import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '@gatehouse/contracts';
import { rootDir } from '../../src/cli/folders.ts';

/** A catalogue is a promise in both directions: a code that nothing answers with makes every client write a case for it. */
describe('the error catalogue', () => {
  const sources = globSync('apps/server/src/**/*.ts', { cwd: rootDir })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(rootDir, path), 'utf8') }));

  it('has no code that the server never answers with', () => {
    const isAnswered = (code: string) =>
      sources.some(
        ({ path, text }) =>
          // A route's list of problems declares a code; it does not make anything answer with it.
          text.includes(`Problem('${code}'`) || (!path.endsWith('.routes.ts') && text.includes(`'${code}'`)),
      );
    expect(Object.keys(ERRORS).filter((code) => !isAnswered(code))).toEqual([]);
  });
});
