import { consistencyRanges, inclusionRanges, perfectNodes } from '../../../platform/crypto/index.ts';
import type { EnteredTenant } from '../../../platform/access/index.ts';
import type { Doors, TenantTx } from '../../../platform/database/index.ts';
import type { Clock } from '../../../platform/clock.ts';
import { sayFilter } from '../audit.filter.ts';
import { listRecordsOldestFirst, type Place, type RecordFilter } from '../audit.repo.ts';
import { loadRetention } from '../retention/retention.repo.ts';
import type { AuditKeys } from '../seal/audit-keys.ts';
import { originOf } from '../seal/checkpoint.ts';
import { BLOCK, blockRanges, loadTreeHashes, type Range } from '../seal/tree-hashes.ts';
import { listSeals, listSealsFrom, loadTree } from '../seal/tree.repo.ts';
import type { SubjectKeys } from '../subject-keys.ts';
import type { BlockLine, ExportLine, HeaderLine, RecordLine } from './line.ts';
import { readKeysAhead } from '../search.ts';
import { lineOf, loadSealed } from './record-lines.ts';

export interface ExportDeps {
  doors: Doors;
  auditKeys: AuditKeys;
  subjectKeys: SubjectKeys;
  clock: Clock;
  config: { publicUrl: string };
}

export interface ExportOptions {
  /** Numbers, the second excluded; without them, everything that is sealed and not gone by retention. */
  fromSeq?: number | undefined;
  toSeq?: number | undefined;
  /** With any of it, only what fits, each record with a proof of its own. */
  filter: RecordFilter;
}

/** Records a transaction reads: long enough to be worth it, short enough to hold nobody up. */
const BLOCKS_A_PAGE = 4;
const FILTERED_A_PAGE = 200;

/**
 * What is sealed of a tenant, line by line. Each page is a transaction of its own; records do not change, so that together
 * they are one state: that of the checkpoint in the first line.
 */
export async function* exportLines(
  deps: ExportDeps,
  entered: EnteredTenant,
  options: ExportOptions,
): AsyncGenerator<ExportLine> {
  const header = await deps.doors.withTenant(entered, (tx) => headerOf(tx, deps, options));
  yield header;
  let records = 0;
  const pages =
    header.filter === null ? ofRange(deps, entered, header) : ofFilter(deps, entered, header, options);
  for await (const line of pages) {
    if (line.kind === 'record') records += 1;
    yield line;
  }
  yield { kind: 'end', records };
}

async function headerOf(tx: TenantTx, deps: ExportDeps, options: ExportOptions): Promise<HeaderLine> {
  const tree = await loadTree(tx);
  const checkpoint = tree && (await deps.auditKeys.open(tree.checkpoint, tx.tenantId));
  const size = checkpoint?.size ?? 0;
  const { removedBelow, checkpoint: retained } = await loadRetention(tx);
  const from = Math.min(Math.max(options.fromSeq ?? 0, removedBelow), size);
  const ranges: Range[] =
    from > 0 && from < size ? consistencyRanges(from, size).map(([a, b]) => [a, b]) : [];
  const gone: Range[] = perfectNodes(0, removedBelow).map(({ level, index }) => [
    index * 2 ** level,
    (index + 1) * 2 ** level,
  ]);
  const hashes = await loadTreeHashes(tx, [...ranges, ...gone]);
  const texts = (of: readonly Range[]) => of.map((range) => hashes.of(range)?.toString('base64') ?? '');
  return {
    kind: 'export',
    version: 1,
    origin: checkpoint?.origin ?? originOf(deps.config.publicUrl, tx.tenantId),
    tenantId: tx.tenantId,
    exportedAt: deps.clock.now().toISOString(),
    filter: sayFilter(options.filter),
    from,
    to: Math.max(from, Math.min(options.toSeq ?? size, size)),
    checkpoint: checkpoint?.note ?? null,
    consistency: texts(ranges),
    ...(retained !== null && { retention: { checkpoint: retained, frontier: texts(gone) } }),
  };
}

/** @throws when records that the first line promised have gone meanwhile: the file breaks off, and is asked for again. */
async function checkRetentionStands(tx: TenantTx, header: HeaderLine): Promise<void> {
  const { removedBelow } = await loadRetention(tx);
  if (removedBelow > header.from) throw new Error('records were removed by retention during this export');
}

const sizeOf = (header: HeaderLine): number => Number(header.checkpoint?.split('\n')[1] ?? 0);

async function* ofRange(
  deps: ExportDeps,
  entered: EnteredTenant,
  header: HeaderLine,
): AsyncGenerator<ExportLine> {
  const size = sizeOf(header);
  const [firstBlock, lastBlock] = [Math.floor(header.from / BLOCK), Math.ceil(header.to / BLOCK)];
  for (let block = firstBlock; block < lastBlock; block += BLOCKS_A_PAGE) {
    yield* await deps.doors.withTenant(entered, async (tx) => {
      await checkRetentionStands(tx, header);
      const lines: ExportLine[] = [];
      const end = Math.min(block + BLOCKS_A_PAGE, lastBlock);
      const seals = await listSealsFrom(tx, block * BLOCK, Math.min(end * BLOCK, size));
      const wanted = seals.filter(({ seq }) => seq >= header.from && seq < header.to);
      const rows = await loadSealed(tx, wanted);
      await readKeysAhead(tx, deps.subjectKeys, [...rows.values()]);
      const numbers = Array.from({ length: end - block }, (_, at) => block + at);
      const hashes = await loadTreeHashes(
        tx,
        numbers.flatMap((number) => blockRanges(number, size)),
      );
      for (const number of numbers) {
        const ofBlock = seals.filter(({ seq }) => Math.floor(seq / BLOCK) === number);
        for (const seal of ofBlock)
          if (seal.seq >= header.from && seal.seq < header.to)
            lines.push(await lineOf(tx, deps.subjectKeys, seal, rows.get(seal.recordId)));
        lines.push({
          kind: 'block',
          first: number * BLOCK,
          ids: ofBlock.map(({ recordId }) => recordId),
          hashes: ofBlock.map(({ hash }) => hash.toString('base64')),
          proof: blockRanges(number, size).map((range) => hashes.of(range)?.toString('base64') ?? ''),
        } satisfies BlockLine);
      }
      return lines;
    });
  }
}

async function* ofFilter(
  deps: ExportDeps,
  entered: EnteredTenant,
  header: HeaderLine,
  { filter }: ExportOptions,
): AsyncGenerator<ExportLine> {
  const size = sizeOf(header);
  let after: Place | undefined;
  for (let more = size > 0; more; ) {
    const page = await deps.doors.withTenant(entered, async (tx) => {
      const rows = await listRecordsOldestFirst(tx, { ...filter, after, limit: FILTERED_A_PAGE });
      const byId = new Map(rows.map((row) => [row.id, row]));
      await readKeysAhead(tx, deps.subjectKeys, rows);
      const seals = (await listSeals(tx, [...byId.keys()])).filter(
        ({ seq }) => seq >= header.from && seq < header.to,
      );
      const hashes = await loadTreeHashes(
        tx,
        seals.flatMap(({ seq }) => inclusionRanges(seq, size)),
      );
      const lines: RecordLine[] = [];
      for (const seal of seals.sort((a, b) => a.seq - b.seq)) {
        const line = await lineOf(tx, deps.subjectKeys, seal, byId.get(seal.recordId));
        const path = inclusionRanges(seal.seq, size).map(
          (range) => hashes.of(range)?.toString('base64') ?? '',
        );
        if (line.kind === 'record') lines.push({ ...line, proof: path });
      }
      return { rows, lines };
    });
    yield* page.lines;
    const last = page.rows.at(-1);
    after = last && { time: last.time, id: last.id };
    more = page.rows.length === FILTERED_A_PAGE;
  }
}
