import { createReadStream } from 'node:fs';

const MOST_BYTES = 65_536;

/** A line of a file, counted from 1; `text` is undefined for one that is too long to be read. */
export interface NumberedLine {
  number: number;
  text: string | undefined;
}

/** The lines of a file that have anything on them, one in memory at a time, however long somebody made one. */
export async function* readLines(file: string): AsyncGenerator<NumberedLine> {
  let number = 1;
  let rest = Buffer.alloc(0);
  let tooLong = false;
  const line = (end: Buffer): NumberedLine | undefined => {
    const whole = Buffer.concat([rest, end]);
    const text = tooLong || whole.length > MOST_BYTES ? undefined : whole.toString('utf8').trim();
    rest = Buffer.alloc(0);
    tooLong = false;
    const read = text === '' ? undefined : { number, text };
    number += 1;
    return read;
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const read = line(chunk.subarray(from, at));
      if (read) yield read;
      from = at + 1;
    }
    const left = chunk.subarray(from);
    if (rest.length + left.length > MOST_BYTES) tooLong = true;
    rest = tooLong ? Buffer.alloc(0) : Buffer.concat([rest, left]);
  }
  const last = line(Buffer.alloc(0));
  if (last) yield last;
}
