import { once } from 'node:events';
import type pg from 'pg';
import { streamOf } from './pool.ts';

/** The part of the driver's connection that speaks COPY (PostgreSQL documentation, 55.2.6), which @types/pg does not. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** What the driver calls of a statement that it runs. */
interface Submittable {
  submit(connection: CopyConnection): void;
  handleError(error: Error): void;
  handleReadyForQuery(): void;
  handleCommandComplete(message: { text: string }): void;
  handleCopyInResponse(connection: CopyConnection): void;
  handleCopyData(message: { chunk: Buffer }): void;
  handleRowDescription(): void;
  handleDataRow(): void;
  handleEmptyQuery(): void;
}

const run = (client: pg.ClientBase, statement: Submittable): void =>
  void client.query(statement as unknown as pg.Submittable);

/** So much may wait for whoever reads; then the database waits. */
const WAITING_BYTES = 1 << 20;
const ignore = () => undefined;

/** `copy … to stdout`, one piece for each row, as fast as they are taken. */
export async function* copyOut(client: pg.ClientBase, statement: string): AsyncGenerator<Buffer> {
  const socket = streamOf(client);
  let waiting: Buffer[] = [];
  let bytes = 0;
  let ended = false;
  let failure: Error | undefined;
  let wake: () => void = ignore;
  run(client, {
    submit: (connection) => connection.query(statement),
    handleError: (error) => {
      failure = error;
      ended = true;
      wake();
    },
    handleReadyForQuery: () => {
      ended = true;
      wake();
    },
    // The driver reuses the memory that the piece lies in.
    handleCopyData: ({ chunk }) => {
      waiting.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes > WAITING_BYTES) socket.pause();
      wake();
    },
    handleCopyInResponse: (connection) => connection.sendCopyFail('nothing is sent'),
    handleCommandComplete: ignore,
    handleRowDescription: ignore,
    handleDataRow: ignore,
    handleEmptyQuery: ignore,
  });
  for (;;) {
    while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
    if (failure !== undefined) throw failure;
    if (waiting.length === 0) return;
    const taken = waiting;
    [waiting, bytes] = [[], 0];
    socket.resume();
    yield* taken;
  }
}

/** `copy … from stdin`. Resolves to the number of rows; what `pieces` throws ends the statement as a failure. */
export async function copyIn(
  client: pg.ClientBase,
  statement: string,
  pieces: AsyncIterable<Buffer>,
): Promise<number> {
  const socket = streamOf(client);
  let source: Error | undefined;
  const feed = async (connection: CopyConnection) => {
    try {
      for await (const piece of pieces) {
        connection.sendCopyFromChunk(piece);
        if (socket.writableNeedDrain) await once(socket, 'drain');
      }
      connection.endCopyFrom();
    } catch (error) {
      source = error instanceof Error ? error : new Error(String(error));
      connection.sendCopyFail('the source failed');
    }
  };
  return new Promise((resolve, reject) => {
    let rows = 0;
    let failure: Error | undefined;
    run(client, {
      submit: (connection) => connection.query(statement),
      handleCopyInResponse: (connection) => void feed(connection),
      handleError: (error) => {
        failure = error;
        reject(source ?? error);
      },
      handleCommandComplete: ({ text }) => (rows = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0)),
      handleReadyForQuery: () => {
        if (failure === undefined) resolve(rows);
      },
      handleCopyData: ignore,
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handleEmptyQuery: ignore,
    });
  });
}
