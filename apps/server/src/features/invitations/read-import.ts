import type { ImportFault } from '@gatehouse/contracts';
import { CsvError, parse } from 'csv-parse/sync';

/** A line of a file of invitations; `roles` are the names as they stand there. */
export interface ImportLine {
  line: number;
  email: string;
  roles: string[];
}

export interface ReadImport {
  lines: ImportLine[];
  faults: ImportFault[];
}

const HEADINGS: Readonly<Record<string, 'email' | 'roles'>> = {
  email: 'email',
  'e-mail': 'email',
  address: 'email',
  roles: 'roles',
  role: 'roles',
};

export const faultAt = (
  line: number,
  column: string | null,
  code: ImportFault['code'],
  value: string | null = null,
): ImportFault => ({ line, column, code, value: value === null ? null : [...value].slice(0, 100).join('') });

/**
 * Reads a file of invitations: what is on which line, and the faults that can be seen without looking anything up. The first line is one
 * of headings where it names no address.
 */
export function readImport(csv: string): ReadImport {
  // One kind of line end, whichever editors had a hand in it.
  const rows = rowsOf(csv.replaceAll(/\r\n?/g, '\n'));
  if (!Array.isArray(rows)) return { lines: [], faults: [rows] };
  const [first] = rows;
  if (first === undefined) return { lines: [], faults: [faultAt(1, 'email', 'column_missing')] };
  const hasHeadings = !first.fields.some((field) => field.includes('@'));
  const names = hasHeadings ? first.fields.map((field) => field.toLowerCase()) : ['email', 'roles'];
  const faults = names.flatMap((name, at) =>
    HEADINGS[name] === undefined || names.findIndex((each) => HEADINGS[each] === HEADINGS[name]) !== at
      ? [faultAt(first.line, name, 'column_unknown', name)]
      : [],
  );
  const columnOf = (column: 'email' | 'roles') => names.findIndex((name) => HEADINGS[name] === column);
  if (columnOf('email') < 0) faults.push(faultAt(first.line, 'email', 'column_missing'));
  if (faults.length > 0) return { lines: [], faults };
  const lines: ImportLine[] = [];
  for (const { line, fields } of hasHeadings ? rows.slice(1) : rows) {
    const beyond = fields.slice(names.length).find((field) => field !== '');
    if (beyond !== undefined) faults.push(faultAt(line, null, 'fields_too_many', beyond));
    else
      lines.push({
        line,
        email: fields[columnOf('email')] ?? '',
        roles: [...new Set((fields[columnOf('roles')] ?? '').split(/[\s,;|]+/).filter(Boolean))],
      });
  }
  return { lines, faults };
}

interface Row {
  line: number;
  fields: string[];
}

/** The rows that have anything on them; or that there is no reading the file, and from where on. */
function rowsOf(csv: string): Row[] | ImportFault {
  const head = csv.slice(0, csv.search(/\n|$/));
  const count = (mark: string) => head.split(mark).length;
  // Spreadsheets write semicolons where the comma divides numbers.
  const delimiter = [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
  try {
    const read = parse(csv, {
      bom: true,
      delimiter,
      info: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return read
      .map(({ record, info }) => ({ line: info.lines, fields: record }))
      .filter(({ fields }) => fields.some((field) => field !== ''));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    return faultAt(lines ?? 1, null, 'file_unreadable');
  }
}
