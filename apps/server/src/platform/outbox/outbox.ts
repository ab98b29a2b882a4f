import type { Clock } from '../clock.ts';
import { addressIndex } from '../address-index.ts';
import type { BlindIndex, SealedColumn, Sealer } from '../crypto/index.ts';
import type { Doors, TenantTx } from '../database/index.ts';
import {
  type Letter,
  type Mail,
  MailServerAway,
  type MailTransport,
  type WaitingLetter,
  waitingLetter,
} from '../mail/index.ts';
import type { Backlog, Counted } from '../metrics/index.ts';
import type { TracePlace, Traces } from '../traces/index.ts';
import {
  claimDue,
  type DueMessage,
  insertMessage,
  loadBacklog,
  markDelivered,
  markFailed,
  newMessageId,
  releaseClaims,
} from './outbox.repo.ts';

/**
 * What must leave the server because of an act: written in the act's own transaction, delivered afterwards, at least once.
 * The payload is sealed, since a mail may carry a single-use link.
 */
export interface Outbox {
  /** Answers its id, by which the outbox says what became of it. */
  mail(tx: TenantTx, type: string, letter: Letter, correlationId: string): Promise<string>;
  /**
   * Costs what `mail` costs and delivers nothing: where an answer must not tell whether there was somebody to write to (spec D2).
   * The row is one that was delivered; what the mail would have said is not in it.
   */
  withhold(tx: TenantTx, type: string, letter: Letter, correlationId: string): Promise<string>;
  /**
   * Delivers what is due, to each address in the order of the acts; resolves to how many, or to 0 while the mail server is away.
   * The dispatcher calls it in a loop, tests by hand.
   */
  dispatch(): Promise<number>;
  backlog(): Promise<Backlog>;
  start(): void;
  close(): Promise<void>;
}

const CLAIM_SECONDS = 60;
const POLL_MS = 1000;
const MAX_ATTEMPTS = 12;
const BATCH = 20;
/** A mail that was refused is tried again after 5 s, 10 s, 20 s … up to an hour; the twelfth refusal, some two and a half hours later, is the last. */
export const backOffSeconds = (attempts: number): number => Math.min(3600, 5 * 2 ** (attempts - 1));
/**
 * While the mail server is away, no mail is to blame: all wait together and keep their attempts, and the oldest one looks whether it is
 * back, after 5 s, 10 s, 20 s, 40 s, then each minute. So everything leaves within a minute of its return, in order.
 */
const awaySeconds = (looks: number): number => Math.min(60, 5 * 2 ** (looks - 1));
/** What nobody took for so long is given up: its links have ended. */
const GIVE_UP_MS = 3 * 86_400_000;

const contextOf = (tenantId: string, id: string) => `outbox ${tenantId} ${id}`;

export const OUTBOX_PAYLOADS: SealedColumn = {
  table: 'outbox',
  column: 'payload_sealed',
  key: { tenant_id: 'uuid', id: 'uuid' },
  context: (row) => contextOf(String(row.tenant_id), String(row.id)),
};

export function createOutbox(deps: {
  doors: Doors;
  sealer: Sealer;
  blindIndex: BlindIndex;
  clock: Clock;
  transport: MailTransport;
  /** A letter as it leaves: in the branding of its tenant, as that is then. */
  render(waiting: WaitingLetter | Mail, tenantId: string): Promise<Mail>;
  metrics: Pick<Counted, 'mail'>;
  traces: Traces;
  onError(error: unknown, correlationId?: string): void;
}): Outbox {
  const { doors, sealer, blindIndex, clock, transport, metrics, traces } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;

  const seal = (tx: TenantTx, letter: Letter) => {
    const id = newMessageId();
    return {
      id,
      payloadSealed: sealer.seal(JSON.stringify(waitingLetter(letter)), contextOf(tx.tenantId, id)),
    };
  };
  /** Of the trace that the message is correlated with, and of no other. */
  const spanOf = (correlationId: string) => {
    const place = traces.place();
    return place?.traceId === correlationId ? place.spanId : null;
  };
  /** How often the mail server was looked for and not found, and until when nobody looks. */
  const away = { looks: 0, until: 0 };

  /** The mail as it leaves, or why it cannot. */
  const mailOf = async (message: DueMessage): Promise<Mail | Error> => {
    try {
      const text = sealer.open(message.payload_sealed, contextOf(message.tenant_id, message.id));
      return await deps.render(JSON.parse(text.toString('utf8')) as WaitingLetter | Mail, message.tenant_id);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const refused = async (message: DueMessage, error: Error, last: boolean) => {
    deps.onError(error, message.correlation_id);
    metrics.mail(last ? 'given_up' : 'again');
    const now = clock.now();
    const again = last ? null : new Date(now.getTime() + backOffSeconds(message.attempts) * 1000);
    await doors.asSystem('outbox failed', (tx) =>
      markFailed(tx, message, { again, now, error: error.message }),
    );
  };
  /** Resolves to why nobody takes mail; undefined where it was settled, for good or until later. */
  const deliver = async (message: DueMessage, mail: Mail | Error): Promise<Error | undefined> => {
    if (mail instanceof Error) {
      await refused(message, mail, message.attempts >= MAX_ATTEMPTS);
      return undefined;
    }
    try {
      await traces.span('mail hand over', {}, () => transport.send(mail, message.id));
    } catch (error) {
      const told = withoutAddress(error, mail.to);
      const tooOld = clock.now().getTime() - message.created_at.getTime() > GIVE_UP_MS;
      if (error instanceof MailServerAway && !tooOld) return told;
      await refused(message, told, tooOld || message.attempts >= MAX_ATTEMPTS);
      return undefined;
    }
    await doors.asSystem('outbox delivered', (tx) => markDelivered(tx, message, clock.now()));
    metrics.mail('delivered');
    return undefined;
  };
  /** One after the other; where the server is away, the rest is not tried. */
  const deliverInOrder = async (messages: [DueMessage, Mail | Error][]): Promise<Error | undefined> => {
    for (const [at, [message, mail]] of messages.entries()) {
      // Those before took as long as the claim lasts: it is for whoever claims the rest now.
      if (message.claimed_until <= clock.now()) return undefined;
      const attributes = { 'messaging.operation.type': 'process' };
      const missing = await traces.goOn(placeOf(message), `deliver ${message.type}`, attributes, () =>
        deliver(message, mail),
      );
      if (missing === undefined) continue;
      const left = messages.slice(at).map(([each]) => each);
      await doors.asSystem('outbox released', (tx) => releaseClaims(tx, left));
      return missing;
    }
    return undefined;
  };
  const dispatch = async () => {
    if (clock.now().getTime() < away.until) return 0;
    const limit = away.looks > 0 ? 1 : BATCH;
    const due = await doors.asSystem('outbox claim', (tx) => claimDue(tx, clock.now(), CLAIM_SECONDS, limit));
    if (due.length === 0) return 0;
    // All of them before the first leaves, so that they leave in their order.
    const mails = await Promise.all(
      due.map(async (message): Promise<[DueMessage, Mail | Error]> => [message, await mailOf(message)]),
    );
    // Two mails to one person, such as two links of which the later counts, do not overtake each other.
    const byAddress = Map.groupBy(mails, ([{ id }, mail]) =>
      mail instanceof Error ? id : mail.to.toLowerCase(),
    );
    const settled = await Promise.allSettled([...byAddress.values()].map(deliverInOrder));
    // A claim that could not be settled lapses, and is made again.
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
    const missing = settled.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : [])).at(0);
    if (missing === undefined) {
      away.looks = 0;
      return due.length;
    }
    away.looks += 1;
    away.until = clock.now().getTime() + awaySeconds(away.looks) * 1000;
    deps.onError(new Error(`the mail server is away, and mail waits: ${missing.message}`));
    return 0;
  };
  const tick = () => {
    running = dispatch()
      .catch((error: unknown) => {
        deps.onError(error);
        return 0;
      })
      .then((count) => {
        if (!closed) timer = setTimeout(tick, count > 0 ? 0 : POLL_MS);
      });
  };
  return {
    async mail(tx, type, letter, correlationId) {
      const { id, payloadSealed } = seal(tx, letter);
      const now = clock.now();
      await insertMessage(tx, id, {
        type,
        payloadSealed,
        address: addressIndex(blindIndex, letter.to),
        correlationId,
        spanId: spanOf(correlationId),
        now,
        deliveredAt: null,
      });
      return id;
    },
    async withhold(tx, type, letter, correlationId) {
      const { id } = seal(tx, letter);
      const now = clock.now();
      await insertMessage(tx, id, {
        type,
        payloadSealed: '',
        address: null,
        correlationId,
        spanId: spanOf(correlationId),
        now,
        deliveredAt: now,
      });
      return id;
    },
    dispatch,
    backlog: () => doors.asSystem('outbox backlog', loadBacklog),
    start: tick,
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
      transport.close();
    },
  };
}

const placeOf = ({ correlation_id: traceId, span_id: spanId }: DueMessage): TracePlace | undefined =>
  spanId === null ? undefined : { traceId, spanId };

/** SECURITY: mail servers repeat the address that they refuse, and their answer goes into the log and into the row. */
function withoutAddress(error: unknown, address: string): Error {
  const text = error instanceof Error ? error.message : String(error);
  return new Error(text.split(new RegExp(RegExp.escape(address), 'i')).join('(address)'));
}
