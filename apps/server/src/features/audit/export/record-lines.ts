import type { TenantTx } from '../../../platform/database/index.ts';
import { type AuditRow, listRecordsById } from '../audit.repo.ts';
import { entryOf, hashOf } from '../seal/entry.ts';
import type { Seal } from '../seal/tree.repo.ts';
import { openPersonal } from '../search.ts';
import type { SubjectKeys } from '../subject-keys.ts';
import type { MissingLine, RecordLine } from './line.ts';

/** The records of some seals, by id. */
export async function loadSealed(tx: TenantTx, seals: readonly Seal[]): Promise<Map<string, AuditRow>> {
  if (seals.length === 0) return new Map();
  const times = seals.map(({ occurredAt }) => occurredAt.getTime());
  // A `Date` is cut to milliseconds: the last one of them is wanted whole.
  const [first, last] = [new Date(Math.min(...times)), new Date(Math.max(...times) + 1)];
  const rows = await listRecordsById(
    tx,
    seals.map(({ recordId }) => recordId),
    first,
    last,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

export async function lineOf(
  tx: TenantTx,
  keys: SubjectKeys,
  seal: Seal,
  row: AuditRow | undefined,
): Promise<RecordLine | MissingLine> {
  if (row === undefined) return { kind: 'missing', seq: seal.seq, id: seal.recordId };
  // As the record stands now, and not as it was sealed: whoever verifies is to find the difference.
  const entry = entryOf(row, seal.seq, seal.prev);
  return {
    kind: 'record',
    seq: seal.seq,
    id: row.id,
    hash: hashOf(entry).toString('base64'),
    entry,
    personal: await openPersonal(tx, keys, row),
  };
}
