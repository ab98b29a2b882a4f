/**
 * The form of a copy. A line of JSON (`Header`), then a sealed stream, in which lies, compressed by gzip, a sequence of parts:
 * `M` what the copy holds; for each table `T`, its rows as `D` (text of `copy`), and `E`; `Z` at the end. Each part is its
 * letter, four bytes of length, and that many bytes.
 */
export const FORM = 1;

export interface Header {
  gatehouseBackup: number;
  id: string;
  createdAt: string;
  /** Of the key-encryption key under which `key` is sealed; the key itself is not in here. */
  masterKey: string;
  /** The stream's own key, sealed. */
  key: string;
}

export interface Manifest {
  /** The release that wrote it, for people; what counts is `migrations`. */
  release: string;
  postgres: string;
  /** The schema version: every migration that had run, with the hash of its file. */
  migrations: { name: string; hash: string; appliedAt: string }[];
  /** In an order in which foreign keys can be followed. */
  tables: { name: string; columns: string[] }[];
  /** Of the tables that are kept by month: the months, `2026_11`. */
  months: string[];
}

export interface TableEnd {
  rows: number;
  sha256: string;
}

export type Part =
  | { kind: 'M'; manifest: Manifest }
  | { kind: 'T'; table: string }
  | { kind: 'D'; data: Buffer }
  | { kind: 'E'; end: TableEnd }
  | { kind: 'Z'; tables: number };

export function partOf(kind: Part['kind'], content: Buffer | object): Buffer {
  const body = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content), 'utf8');
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The parts of a stream, however it is cut into pieces. */
export async function* partsIn(pieces: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  let at: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    at = at.length === 0 ? piece : Buffer.concat([at, piece]);
    while (at.length >= 5) {
      const length = at.readUInt32BE(1);
      if (at.length < 5 + length) break;
      yield readPart(at.toString('latin1', 0, 1), at.subarray(5, 5 + length));
      at = at.subarray(5 + length);
    }
  }
  if (at.length > 0) throw new SyntaxError('the last part is cut off');
}

function readPart(kind: string, body: Buffer): Part {
  const json = () => JSON.parse(body.toString('utf8')) as unknown;
  switch (kind) {
    case 'M':
      return { kind, manifest: json() as Manifest };
    case 'T':
      return { kind, table: (json() as { table: string }).table };
    case 'D':
      return { kind, data: body };
    case 'E':
      return { kind, end: json() as TableEnd };
    case 'Z':
      return { kind, tables: (json() as { tables: number }).tables };
    default:
      throw new SyntaxError(`there is no part ${kind}`);
  }
}
