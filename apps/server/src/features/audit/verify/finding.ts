/** One thing that is not as it was sealed, or cannot be judged. */
export interface Finding {
  what:
    | 'altered'
    | 'removed'
    | 'reordered'
    | 'duplicated'
    | 'foreign'
    | 'unproven'
    | 'checkpoint'
    | 'lost tail'
    | 'rewritten'
    | 'partial'
    | 'unreadable';
  /** The number of the record, or the first and the last of several. */
  seq?: number | readonly [first: number, last: number];
  id?: string | undefined;
  why: string;
}

export function sayFinding({ what, seq, id, why }: Finding): string {
  const record =
    seq === undefined ? '' : typeof seq === 'number' ? `record ${seq}` : `records ${seq[0]} to ${seq[1]}`;
  const named = id === undefined ? record : `${record} (${id})`;
  return `${what.padEnd(10)}  ${[named, why].filter(Boolean).join(': ')}`;
}
