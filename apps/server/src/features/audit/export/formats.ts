import { CSV_HEADER, csvRow } from './csv.ts';
import type { ExportLine } from './line.ts';
import { ocsfEvent } from './ocsf.ts';
import { syslogLine } from './syslog.ts';

/** `jsonl` and `csv` can be verified; `syslog` and `ocsf` are records alone, in the words of other systems. */
export const EXPORT_FORMATS = ['jsonl', 'csv', 'syslog', 'ocsf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  syslog: 'text/plain; charset=utf-8',
  ocsf: 'application/jsonl; charset=utf-8',
};
export const EXTENSIONS: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'jsonl',
  csv: 'csv',
  syslog: 'log',
  ocsf: 'ocsf.jsonl',
};

/** The text of a file, in pieces that are worth a write. */
export async function* inFormat(
  format: ExportFormat,
  lines: AsyncIterable<ExportLine>,
  issuer: string,
): AsyncGenerator<string> {
  let piece = format === 'csv' ? CSV_HEADER : '';
  for await (const line of lines) {
    piece += textOf(format, line, issuer);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}
const PIECE = 32_768;

function textOf(format: ExportFormat, line: ExportLine, issuer: string): string {
  switch (format) {
    case 'jsonl':
      return `${JSON.stringify(line)}\n`;
    case 'csv':
      return csvRow(line);
    case 'syslog':
      return line.kind === 'record' ? `${syslogLine(line, issuer)}\n` : '';
    case 'ocsf':
      return line.kind === 'record' ? `${JSON.stringify(ocsfEvent(line, issuer))}\n` : '';
  }
}
