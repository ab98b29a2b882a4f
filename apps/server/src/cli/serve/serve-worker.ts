import { explain } from '../explain.ts';
import { createLogger } from '../logger.ts';
import { createEnding, type Ending } from './ending.ts';
import { prepareService, type Prepared } from './service.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** One of several processes that answer requests, started by the first one (`workers.ts`), which owns the database. */
const tell = (message: FromWorker, then: () => void = () => undefined) =>
  void process.send?.(message, undefined, undefined, then);
let service: Promise<Prepared> | undefined;
let ending: Ending | undefined;

function prepare({ worker, config, databaseUrl, mailboxKey }: Extract<ToWorker, { kind: 'prepare' }>) {
  const log = createLogger(config, worker);
  ending = createEnding({
    log,
    // A terminal signals every process of the group: which of them end, and when, is for the first one to say.
    obeys: ['SIGTERM'],
    parent: 'the first process',
    letGo: async () => {
      const prepared = await service?.catch(() => undefined);
      await prepared?.close();
    },
  });
  return prepareService({ config, log, databaseUrl, mailboxKey });
}

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'prepare':
      service = prepare(message);
      service.then(() => tell({ kind: 'prepared' }), giveUp);
      break;
    case 'open':
      service?.then((prepared) => prepared.open()).then((lines) => tell({ kind: 'opened', lines }), giveUp);
      break;
    case 'measure':
      service
        ?.then((prepared) => prepared.measure())
        .then(([values = []]) => tell({ kind: 'measured', question: message.question, values }), giveUp);
      break;
    case 'close':
      if (ending === undefined) process.exit(0);
      ending.end('as told');
  }
});

function giveUp(error: unknown): void {
  tell({ kind: 'fault', sentence: explain(error) }, () => ending?.end('it cannot start', 1));
}
