// docs/reference/errors.md: the error catalogue.
import { join } from 'node:path';
import { root } from '../bundled-node.mjs';

export default {
  name: 'errors',
  output: 'docs/reference/errors.md',
  async produce() {
    const { ERRORS } = await import(join(root, 'packages/contracts/src/errors.ts'));
    const rows = Object.entries(ERRORS).map(
      ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
    );
    return [
      '# Errors',
      '',
      'Generated from the catalogue (`npm run generate`). Every error is a problem document (RFC 9457, `application/problem+json`) with',
      '`type`, `title`, `status`, `code`, `detail` and `correlationId`; `errors` lists what is wrong with which member. Codes are stable:',
      'match the code, never the words. Another tenant’s thing is 404; 403 happens only inside one’s own.',
      '',
      '| code | status | title |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  },
};
