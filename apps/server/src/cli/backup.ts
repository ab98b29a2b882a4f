import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { recordOfRestore } from '../features/audit/index.ts';
import {
  type Backup,
  type Manifest,
  openBackup,
  openSnapshot,
  type Progress,
  restoreBackup,
  writeBackup,
} from '../platform/backup/index.ts';
import { masterSealer } from '../master-sealer.ts';
import { openAdminBeside, openAdminOfStopped } from './database.ts';
import { dbDir, rootDir } from './folders.ts';
import { withServer } from './keys.ts';
import { writeWholeFile } from './whole-file.ts';

type Say = (line: string) => void;

/** Between two lines of progress. */
const TELL_MS = 5000;

const release = () =>
  (JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8')) as { version: string }).version;

/** `gatehouse backup` */
export async function backUp(config: Config, log: Logger, { out }: { out: string }, say: Say): Promise<void> {
  const sealer = masterSealer(config);
  const database = await openAdminBeside(config, log);
  try {
    const snapshot = await openSnapshot(database.adminUrl, {
      rolePrefix: config.databaseRolePrefix,
      keyIds: sealer.keyIds,
    });
    const told = tellProgress(say);
    try {
      await writeWholeFile(out, writeBackup(snapshot, { sealer, release: release(), onProgress: told.on }));
    } finally {
      await snapshot.close();
    }
    say(
      `${out}: ${told.rows()} rows of ${snapshot.manifest.tables.length} tables as of ${at(snapshot.now)}, ${size((await stat(out)).size)}.`,
    );
    say(`It opens with the master key ${sealer.keyId}, which is not in it: keep that apart.`);
  } finally {
    await database.stop();
  }
}

/** `gatehouse restore --check` */
export async function checkBackup(config: Config, path: string, say: Say): Promise<void> {
  const backup = await openBackup(path, masterSealer(config));
  introduce(backup, say);
  await backup.read({
    begin: async (manifest) => sayManifest(manifest, say),
    async take(table, pieces) {
      let rows = 0;
      for await (const piece of pieces) for (const byte of piece) if (byte === 10) rows += 1;
      say(`  ${table.name.padEnd(24)} ${rows} rows`);
      return rows;
    },
  });
  say('It is whole, and every checksum is right. No database was touched.');
}

/** `gatehouse restore` */
export async function restore(config: Config, log: Logger, path: string, say: Say): Promise<void> {
  const backup = await openBackup(path, masterSealer(config));
  introduce(backup, say);
  const database = await openAdminOfStopped(config, log);
  let rows = 0;
  try {
    const manifest = await restoreBackup(backup, {
      adminUrl: database.adminUrl,
      rolePrefix: config.databaseRolePrefix,
      dbDir,
      log: (message) => log.info(message),
      onTable(table, count) {
        rows += count;
        say(`  ${table.padEnd(24)} ${count} rows`);
      },
      recordOf: (all, now) => recordOfRestore({ ...backup.header, rows: all }, now),
    });
    sayManifest(manifest, say);
  } finally {
    await database.stop();
  }
  // The migrations that came since, and new signing keys; were this killed, the next start would do the same.
  await withServer(config, log, async () => undefined);
  say(
    `Restored as of ${at(new Date(backup.header.createdAt))}: ${rows} rows. All sessions and mailed links have ended; start the service.`,
  );
}

function introduce({ header }: Backup, say: Say): void {
  say(
    `A copy of ${at(new Date(header.createdAt))} (${header.id}), sealed under the master key ${header.masterKey}`,
  );
}

function sayManifest({ release: by, migrations, postgres, tables }: Manifest, say: Say): void {
  say(
    `made by release ${by}; schema ${migrations.at(-1)?.name ?? 'none'}; PostgreSQL ${postgres}; ${tables.length} tables`,
  );
}

/** A line now and then: a copy of millions of rows takes minutes. */
function tellProgress(say: Say) {
  const rows = new Map<string, number>();
  let told = Date.now();
  return {
    rows: () => [...rows.values()].reduce((sum, each) => sum + each, 0),
    on(progress: Progress) {
      rows.set(progress.table, progress.rows);
      if (Date.now() - told < TELL_MS) return;
      told = Date.now();
      say(`  ${Math.floor(progress.share * 100)} %: ${progress.table}, ${progress.rows} rows`);
    },
  };
}

const at = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const size = (bytes: number): string =>
  bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
