// docs/security/routes.md: every route with its access, for a reviewer.
import { join } from 'node:path';
import { root } from '../bundled-node.mjs';
import { withDeclaredApp } from '../declared-app.mjs';

export default {
  name: 'routes',
  output: 'docs/security/routes.md',
  async produce() {
    const { describeAccess } = await import(join(root, 'apps/server/src/platform/access/access.ts'));
    return withDeclaredApp((app) => {
      const rows = app.declaredRoutes
        .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
        .toSorted((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : a.method < b.method ? -1 : 1))
        .map(
          ({ method, url, access, limit }) =>
            `| \`${method} ${url}\` | ${describeAccess(access, { method, url })} | ${limit ?? ''} |`,
        );
      return [
        '# Routes',
        '',
        'Generated from what the routes declare (`npm run generate`); `npm run check` fails when this page is stale. A route that',
        'declares no access keeps the server from starting. HEAD has the access of GET. *Limit* is the group under which requests',
        'are counted by client address; renewals are counted by session. `/dev/mail` exists in development mode only.',
        '',
        '| route | access | limit |',
        '|---|---|---|',
        ...rows,
        '',
      ].join('\n');
    });
  },
};
