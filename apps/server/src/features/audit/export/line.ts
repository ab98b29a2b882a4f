import type { Entry } from '../seal/entry.ts';
import type { OpenedPersonal } from '../search.ts';

/**
 * The lines of an export. A file of them, the public key, and nothing else is what `gatehouse audit verify` needs.
 *
 * - `export` comes first: whose records, which numbers, and the checkpoint that everything is held against.
 * - `record`: the entry that was sealed, and the personal values in it that the reader may see, each with its salt. In a
 *   filtered export each has a proof of its own.
 * - `missing`: a record that was sealed and is not in the database any more.
 * - `block`: the hashes of 256 records with the proof of all of them, in an export without a filter. By it every record
 *   that is absent or not the same can be named, whatever else was changed.
 * - `end` comes last, so that a download that broke off shows.
 */
export type ExportLine = HeaderLine | RecordLine | MissingLine | BlockLine | EndLine;

export interface HeaderLine {
  kind: 'export';
  version: 1;
  origin: string;
  tenantId: string;
  exportedAt: string;
  filter: Record<string, string> | null;
  /** The first number, and the one after the last. */
  from: number;
  to: number;
  /** Null while nothing of the tenant is sealed. */
  checkpoint: string | null;
  /** That the tree of `to` began as the one of `from` records (RFC 9162 §2.1.4), where `from` is not 0. */
  consistency: string[];
  /** Where records before `from` are gone by retention: the note that stands in their place, and the subtrees of its tree. */
  retention?: RetainedFrom;
}
export interface RetainedFrom {
  checkpoint: string;
  /** The perfect subtrees of the records that are gone, widest first: from them the tree grows on. */
  frontier: string[];
}
export interface RecordLine {
  kind: 'record';
  seq: number;
  id: string;
  hash: string;
  entry: Entry;
  personal: OpenedPersonal;
  proof?: string[];
}
export interface MissingLine {
  kind: 'missing';
  seq: number;
  id: string;
}
export interface BlockLine {
  kind: 'block';
  first: number;
  ids: string[];
  hashes: string[];
  proof: string[];
}
export interface EndLine {
  kind: 'end';
  records: number;
}
