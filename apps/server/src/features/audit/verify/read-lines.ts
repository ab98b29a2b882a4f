import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CSV_HEADER, csvCells } from '../export/csv.ts';
import type { ExportLine } from '../export/line.ts';
import { isLine } from './line-shape.ts';

/** A line of a file, or what is wrong with it. */
export type ReadLine = { line: ExportLine; cellsDiffer: boolean } | { fault: string };

/** The lines of an export, one after the other: a file may be larger than the memory. JSON Lines or CSV, as it begins. */
export async function* readExport(path: string): AsyncGenerator<ReadLine> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let isCsv: boolean | undefined;
  let row = '';
  for await (const text of lines) {
    if (isCsv === undefined) {
      isCsv = text.replace('\uFEFF', '') === CSV_HEADER.trimEnd();
      if (isCsv) continue;
    }
    if (!isCsv) {
      if (text !== '') yield readJson(text, undefined);
      continue;
    }
    // A quoted cell may go on in the next line: then the quotes of this one are odd.
    row = row === '' ? text : `${row}\n${text}`;
    if (countOf(row, '"') % 2 === 1) continue;
    const cells = cellsOf(row);
    if (row !== '') yield readJson(cells.at(-1) ?? '', cells);
    row = '';
  }
  if (row !== '') yield { fault: 'a row of the table has no end' };
}

function readJson(text: string, cells: string[] | undefined): ReadLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'a line cannot be read' };
  }
  if (!isLine(value)) return { fault: 'a line is none of an export' };
  return { line: value, cellsDiffer: cells !== undefined && !isSame(csvCells(value), cells) };
}

const isSame = (a: string[], b: string[]) => a.length === b.length && a.every((cell, at) => cell === b[at]);

function countOf(text: string, mark: string): number {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) count += 1;
  return count;
}

/** RFC 4180 §2. */
const cellsOf = (row: string): string[] =>
  [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, bare = '']) =>
    quoted === undefined ? bare : quoted.replaceAll('""', '"'),
  );
