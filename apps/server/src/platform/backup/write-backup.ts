import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { randomSecret, type Sealer, sealStream, sha256InParts } from '../crypto/index.ts';
import { newId } from '../ids.ts';
import { rowsOf, type Snapshot } from './backup.repo.ts';
import { FORM, type Header, type Manifest, partOf } from './form.ts';
import { boundTo, contextOf } from './sealed-header.ts';

/** Rows are gathered to parts of about this size. */
const PART = 1 << 16;

export interface Progress {
  table: string;
  rows: number;
  /** Of the whole copy, as far as the planner's estimates go: 0 to 1. */
  share: number;
}

/** The whole copy, from its first byte to its last; `rows` is told as they are read. */
export async function* writeBackup(
  snapshot: Snapshot,
  options: { sealer: Sealer; release: string; onProgress(progress: Progress): void },
): AsyncGenerator<Buffer> {
  const key = randomSecret(32);
  const id = newId();
  const createdAt = snapshot.now.toISOString();
  const header: Header = {
    gatehouseBackup: FORM,
    id,
    createdAt,
    masterKey: options.sealer.keyId,
    key: options.sealer.seal(key, contextOf(id)),
  };
  yield Buffer.from(`${JSON.stringify(header)}\n`, 'utf8');
  const manifest: Manifest = { release: options.release, ...snapshot.manifest };
  const gzip = createGzip();
  // What fails in there is thrown by reading `gzip`.
  pipeline(Readable.from(partsOf(snapshot, manifest, options.onProgress)), gzip).catch(() => undefined);
  yield* sealStream(key, boundTo(header), gzip);
}

async function* partsOf(
  snapshot: Snapshot,
  manifest: Manifest,
  onProgress: (progress: Progress) => void,
): AsyncGenerator<Buffer> {
  yield partOf('M', manifest);
  const estimated = [...snapshot.estimates.values()].reduce((sum, each) => sum + each, 0);
  let done = 0;
  for (const table of manifest.tables) {
    yield partOf('T', { table: table.name });
    const hash = sha256InParts();
    let rows = 0;
    let waiting: Buffer[] = [];
    let bytes = 0;
    const tell = () =>
      onProgress({ table: table.name, rows, share: Math.min(1, (done + rows) / Math.max(1, estimated)) });
    for await (const row of rowsOf(snapshot, table)) {
      hash.update(row);
      waiting.push(row);
      bytes += row.length;
      rows += 1;
      if (bytes < PART) continue;
      yield partOf('D', Buffer.concat(waiting));
      [waiting, bytes] = [[], 0];
      tell();
    }
    if (bytes > 0) yield partOf('D', Buffer.concat(waiting));
    yield partOf('E', { rows, sha256: hash.digest() });
    tell();
    done += rows;
  }
  yield partOf('Z', { tables: manifest.tables.length });
}
