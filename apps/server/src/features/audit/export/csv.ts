import { reveal } from '../search.ts';
import type { ExportLine } from './line.ts';

/** The columns of a CSV export (RFC 4180). The last one holds the line of the JSON export, from which the row is verified. */
const COLUMNS = [
  'kind',
  'seq',
  'id',
  'time',
  'action',
  'actorKind',
  'actorId',
  'actorTenantId',
  'actor',
  'resourceType',
  'resourceId',
  'before',
  'after',
  'ip',
  'userAgent',
  'correlationId',
  'hash',
  'data',
] as const;

export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

/** The cells of a line, the same for the same line: whoever verifies makes them again and compares. */
export function csvCells(line: ExportLine): string[] {
  const cells: Partial<Record<(typeof COLUMNS)[number], string | number | null>> = { kind: line.kind };
  if (line.kind === 'record') {
    const { entry } = line;
    const context = reveal(entry.context, line.personal) as Record<string, string | null>;
    Object.assign(cells, {
      seq: line.seq,
      id: line.id,
      time: entry.time,
      action: entry.action,
      actorKind: entry.actor.kind,
      actorId: entry.actor.id,
      actorTenantId: entry.actor.tenantId,
      actor: context.actor,
      resourceType: entry.resource.type,
      resourceId: entry.resource.id,
      before: inWords(reveal(entry.before, line.personal)),
      after: inWords(reveal(entry.after, line.personal)),
      ip: context.ip,
      userAgent: context.userAgent,
      correlationId: entry.correlationId,
      hash: line.hash,
    });
  } else if (line.kind === 'missing') Object.assign(cells, { seq: line.seq, id: line.id });
  cells.data = JSON.stringify(line);
  return COLUMNS.map((column) => plain(cells[column]));
}

export const csvRow = (line: ExportLine): string =>
  `${csvCells(line)
    .map((cell) => (cell === '' ? '' : `"${cell.replaceAll('"', '""')}"`))
    .join(',')}\r\n`;

const inWords = (state: unknown) => (state === null ? null : JSON.stringify(state));

/**
 * SECURITY: a user agent or a name that begins like a formula is run by the spreadsheet that opens the file. An apostrophe
 * before it makes it text (OWASP, CSV injection); the column `data` has it as it is.
 */
function plain(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
