import type { Clock } from '../clock.ts';
import { addressIndex } from '../address-index.ts';
import type { BlindIndex, SealedColumn, Sealer } from '../crypto/index.ts';
import type { Doors, TenantTx } from '../database/index.ts';
import type { Mail, MailTransport } from '../mail/index.ts';
import {
  claimDue,
  type DueMessage,
  insertMessage,
  markDelivered,
  markFailed,
  newMessageId,
} from './outbox.repo.ts';

/**
 * What must leave the server because of an act: written in the act's own transaction, delivered afterwards, at least once.
 * The payload is sealed, since a mail may carry a single-use link.
 */
export interface Outbox {
  mail(tx: TenantTx, type: string, mail: Mail, correlationId: string): Promise<void>;
  /**
   * Costs what `mail` costs and delivers nothing: where an answer must not tell whether there was somebody to write to (spec D2).
   * The row is one that was delivered; what the mail would have said is not in it.
   */
  withhold(tx: TenantTx, type: string, mail: Mail, correlationId: string): Promise<void>;
  /** Delivers what is due; resolves to how many. The dispatcher calls it in a loop, tests by hand. */
  dispatch(): Promise<number>;
  start(): void;
  close(): Promise<void>;
}

const CLAIM_SECONDS = 60;
const POLL_MS = 1000;
const MAX_ATTEMPTS = 12;
/** 5 s, 10 s, 20 s … up to an hour: a mail server that is away for an hour loses nothing. */
export const backOffSeconds = (attempts: number): number => Math.min(3600, 5 * 2 ** (attempts - 1));

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
  /** A mail as it leaves: in the colours of its tenant, as they are then. */
  dress(mail: Mail, tenantId: string): Promise<Mail>;
  onError(error: unknown): void;
}): Outbox {
  const { doors, sealer, blindIndex, clock, transport } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;

  const seal = (tx: TenantTx, mail: Mail) => {
    const id = newMessageId();
    return { id, payloadSealed: sealer.seal(JSON.stringify(mail), contextOf(tx.tenantId, id)) };
  };
  const letterOf = async (message: DueMessage): Promise<Mail> => {
    const text = sealer
      .open(message.payload_sealed, contextOf(message.tenant_id, message.id))
      .toString('utf8');
    return deps.dress(JSON.parse(text) as Mail, message.tenant_id);
  };
  const deliver = async (message: DueMessage, letter: Promise<Mail>) => {
    try {
      const mail = await letter;
      await transport.send(mail, message.id).catch((error: unknown) => {
        throw withoutAddress(error, mail.to);
      });
      await doors.asSystem('outbox delivered', (tx) => markDelivered(tx, message, clock.now()));
    } catch (error) {
      deps.onError(error);
      const now = clock.now();
      const again =
        message.attempts >= MAX_ATTEMPTS
          ? null
          : new Date(now.getTime() + backOffSeconds(message.attempts) * 1000);
      const text = error instanceof Error ? error.message : String(error);
      await doors.asSystem('outbox failed', (tx) => markFailed(tx, message, { again, now, error: text }));
    }
  };
  const dispatch = async () => {
    const due = await doors.asSystem('outbox claim', (tx) => claimDue(tx, clock.now(), CLAIM_SECONDS, 20));
    // All of them before the first leaves, so that they leave in their order.
    const letters = due.map(letterOf);
    await Promise.allSettled(letters);
    await Promise.all(letters.map((letter, index) => deliver(due[index] as DueMessage, letter)));
    return due.length;
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
    async mail(tx, type, mail, correlationId) {
      const { id, payloadSealed } = seal(tx, mail);
      const now = clock.now();
      await insertMessage(tx, id, {
        type,
        payloadSealed,
        address: addressIndex(blindIndex, mail.to),
        correlationId,
        now,
        deliveredAt: null,
      });
    },
    async withhold(tx, type, mail, correlationId) {
      const { id } = seal(tx, mail);
      const now = clock.now();
      await insertMessage(tx, id, {
        type,
        payloadSealed: '',
        address: null,
        correlationId,
        now,
        deliveredAt: now,
      });
    },
    dispatch,
    start: tick,
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
      transport.close();
    },
  };
}

/** SECURITY: mail servers repeat the address that they refuse, and their answer goes into the log and into the row. */
function withoutAddress(error: unknown, address: string): Error {
  const text = error instanceof Error ? error.message : String(error);
  return new Error(text.split(new RegExp(RegExp.escape(address), 'i')).join('(address)'));
}
