// COPY … FROM STDIN over an ordinary connection of pg: the fastest way in that still fires triggers and checks foreign keys.

/** Copies rows into a table: arrays of values, of which null is NULL. */
export function copyRows(client, table, columns, rows) {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(`copy gatehouse.${table} (${columns}) from stdin`, rows, resolve, reject));
  });
}

/** What pg calls a query it was handed: it is told each message that the server answers with. */
class CopyIn {
  #text;
  #rows;
  #resolve;
  #reject;

  constructor(text, rows, resolve, reject) {
    this.#text = text;
    this.#rows = rows;
    this.#resolve = resolve;
    this.#reject = reject;
  }
  submit(connection) {
    connection.query(this.#text);
  }
  handleCopyInResponse(connection) {
    let chunk = '';
    for (const row of this.#rows) {
      chunk += `${row.map(textOf).join('\t')}\n`;
      if (chunk.length < 60_000) continue;
      connection.sendCopyFromChunk(Buffer.from(chunk));
      chunk = '';
    }
    if (chunk !== '') connection.sendCopyFromChunk(Buffer.from(chunk));
    connection.endCopyFrom();
  }
  handleCommandComplete() {}
  // After an error pg tells of nothing more.
  handleError(error) {
    this.#reject(error);
  }
  handleReadyForQuery() {
    this.#resolve();
  }
}

const ESCAPED = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const textOf = (value) =>
  value === null ? '\\N' : String(value).replace(/[\\\t\n\r]/g, (character) => ESCAPED[character]);
