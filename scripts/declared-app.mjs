// The HTTP service with all its routes and nothing behind them: for documents that are made from what routes declare.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './bundled-node.mjs';

const server = join(root, 'apps', 'server');

export async function withDeclaredApp(work) {
  const { buildApp } = await import(join(server, 'src', 'app.ts'));
  const { parseConfig } = await import(join(server, 'src', 'config', 'index.ts'));
  const { writePages } = await import(join(server, 'test', 'pages.fixture.ts'));
  const { pino } = await import('pino');
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-declared-'));
  try {
    const config = parseConfig({ GATEHOUSE_MODE: 'development' }, folder);
    // What routes touch while they are declared; whoever calls them gets an error, since nothing is behind.
    const deps = {
      config,
      consoleDir: await writePages(folder),
      mailbox: undefined,
      tokens: { jwks: { keys: [] } },
      traces: { isOn: false },
    };
    const app = await buildApp(deps, pino({ level: 'silent' }));
    await app.ready();
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
