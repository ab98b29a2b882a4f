import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openStream, SealedStreamCut, SealError, type Sealer, sha256InParts } from '../crypto/index.ts';
import { BackupError } from './backup-error.ts';
import { FORM, type Header, type Manifest, type Part, partsIn, type TableEnd } from './form.ts';
import { boundTo, contextOf } from './sealed-header.ts';

const LONGEST_HEADER = 4096;

/** Takes what a copy holds, table by table. */
export interface Taker {
  begin(manifest: Manifest): Promise<void>;
  /** Resolves to how many rows it took. */
  take(table: Manifest['tables'][number], rows: AsyncIterable<Buffer>): Promise<number>;
}

export interface Backup {
  header: Header;
  /**
   * Reads it from beginning to end.
   *
   * @throws {BackupError} where it is not whole, or not as it was written
   */
  read(taker: Taker): Promise<void>;
}

/** @throws {BackupError} where the file is no copy, of a later form, or sealed under a key that is not at hand */
export async function openBackup(path: string, sealer: Sealer): Promise<Backup> {
  const { header, length } = await readHeader(path);
  let key: Buffer;
  try {
    key = sealer.open(header.key, contextOf(header.id));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new BackupError(
      sealer.keyIds.includes(header.masterKey)
        ? `${path} was altered or damaged: its first line is not as it was written.`
        : `${path} is sealed under the master key ${header.masterKey}, which is not at hand (${sealer.keyIds.join(', ')}): set GATEHOUSE_MASTER_KEY to the key of that time, or in development put its file keys/master.key into the data folder.`,
    );
  }
  return {
    header,
    async read(taker) {
      const gunzip = createGunzip();
      const file = createReadStream(path, { start: length, highWaterMark: 1 << 18 });
      pipeline(Readable.from(openStream(key, boundTo(header), file)), gunzip).catch(() => undefined);
      try {
        await walk(partsIn(gunzip), taker);
      } catch (error) {
        throw asBackupError(path, error);
      } finally {
        gunzip.destroy();
        file.destroy();
      }
    },
  };
}

async function readHeader(path: string): Promise<{ header: Header; length: number }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new BackupError(
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no reason given'}).`,
    );
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, 0);
    const length = buffer.subarray(0, bytesRead).indexOf(10) + 1;
    const header = parseHeader(buffer.toString('utf8', 0, length));
    if (header === undefined) throw new BackupError(`${path} is not a copy that gatehouse backup has made.`);
    if (header.gatehouseBackup !== FORM)
      throw new BackupError(
        `${path} has the form ${header.gatehouseBackup}, and this release reads form ${FORM}: restore it with the release that made it.`,
      );
    return { header, length };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR')
      throw new BackupError(`${path} is a folder, not a copy.`);
    throw error;
  } finally {
    await file.close();
  }
}

function parseHeader(line: string): Header | undefined {
  try {
    const header = JSON.parse(line) as Partial<Record<keyof Header, unknown>> | null;
    const isOurs =
      typeof header?.gatehouseBackup === 'number' &&
      [header.id, header.createdAt, header.masterKey, header.key].every((value) => typeof value === 'string');
    return isOurs ? (header as Header) : undefined;
  } catch {
    return undefined;
  }
}

class NotAsWritten extends Error {}

async function walk(parts: AsyncGenerator<Part>, taker: Taker): Promise<void> {
  const next = async (): Promise<Part> => {
    const read = await parts.next();
    if (read.done === true) throw new NotAsWritten('it ends before its end');
    return read.value;
  };
  const first = await next();
  if (first.kind !== 'M') throw new NotAsWritten('it does not say what it holds');
  const { manifest } = first;
  await taker.begin(manifest);
  for (const table of manifest.tables) {
    const start = await next();
    if (start.kind !== 'T' || start.table !== table.name) throw new NotAsWritten(`${table.name} is missing`);
    const hash = sha256InParts();
    const found: { end?: TableEnd } = {};
    const rows = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        const part = await next();
        if (part.kind === 'E') {
          found.end = part.end;
          return;
        }
        if (part.kind !== 'D') throw new NotAsWritten(`${table.name} has no end`);
        hash.update(part.data);
        yield part.data;
      }
    };
    const taken = await taker.take(table, rows());
    if (found.end?.rows !== taken || found.end.sha256 !== hash.digest())
      throw new NotAsWritten(`the rows of ${table.name} are not those of the checksum`);
  }
  const last = await next();
  if (last.kind !== 'Z' || last.tables !== manifest.tables.length)
    throw new NotAsWritten('its end is missing');
}

function asBackupError(path: string, error: unknown): unknown {
  if (error instanceof SealedStreamCut)
    return new BackupError(
      `${path} is not whole: it was not finished, or its end was cut off. Use another copy.`,
    );
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (
    error instanceof SealError ||
    error instanceof NotAsWritten ||
    error instanceof SyntaxError ||
    code.startsWith('Z_')
  )
    return new BackupError(`${path} was altered or damaged (${(error as Error).message}). Use another copy.`);
  return error;
}
