import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportLine, RecordLine } from '../src/features/audit/export/line.ts';
import { readPublicKeys } from '../src/features/audit/verify/public-keys.ts';
import { readExport } from '../src/features/audit/verify/read-lines.ts';
import { verifyExport } from '../src/features/audit/verify/verify-export.ts';
import { addCaller, addTenant } from './people.fixture.ts';
import { startServer } from './server.fixture.ts';

const RECORDS = 600;

interface Options {
  since?: string;
  partial?: boolean;
  keys?: Buffer[];
}

/** A tenant with some hundred sealed records, its export, and what an auditor can make of that. */
export async function sealedTenant() {
  const gatehouse = await startServer();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-verify-'));
  const tenantId = await addTenant(gatehouse);
  const admin = await addCaller(gatehouse, tenantId, 'admin');
  const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
  for (const caller of [admin, other])
    for (let n = 0; n < 3; n += 1)
      await caller.post('/users', { email: `n${n}@${caller.userId}.example`, name: '=1+1' });
  await gatehouse.sql(
    `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, after, context, correlation_id)
     select $1, gen_random_uuid(), now() + n * interval '1 millisecond', 'user_updated', 'system', 'user', jsonb_build_object('n', n), '{}', repeat('a', 32)
     from generate_series(1, ${RECORDS}) n`,
    [tenantId],
  );
  await gatehouse.server.deps.sealing.run();
  const keys = readPublicKeys((await gatehouse.browser().get('/.well-known/gatehouse-audit-keys.json')).text);
  const checkpoint = (await admin.get('/audit/checkpoint')).text;
  const otherCheckpoint = (await other.get('/audit/checkpoint')).text;
  const whole = (await admin.get('/audit/export')).text;
  const verify = async (text: string, options: Options = {}) => {
    const path = join(folder, 'export');
    await writeFile(path, text);
    return verifyExport(readExport(path), { keys, ...options });
  };
  return {
    gatehouse,
    tenantId,
    admin,
    checkpoint,
    otherCheckpoint,
    whole,
    size: Number(checkpoint.split('\n')[1]),
    verify,
    /** What was found, as `altered 17`. */
    async found(text: string, options: Options = {}): Promise<string[]> {
      const { findings } = await verify(text, options);
      return findings.map(({ what, seq }) => [what, ...(seq === undefined ? [] : [String(seq)])].join(' '));
    },
    /** The file, with its records or lines changed. */
    changed(change: (records: RecordLine[], lines: ExportLine[]) => void): string {
      const lines = linesOf(whole);
      change(
        lines.filter((line) => line.kind === 'record'),
        lines,
      );
      return textOf(lines);
    },
    async close() {
      await gatehouse.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ExportLine);
export const textOf = (lines: ExportLine[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
