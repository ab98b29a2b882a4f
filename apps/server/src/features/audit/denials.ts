import type { EnteredTenant, CallingPrincipal } from '../../platform/access/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { DatabaseUnavailable, type Doors, type TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import { actorOf, type Audit } from './record.ts';

/** So many refusals of one person for want of one permission go on record in a minute, each by itself. */
const EACH_BY_ITSELF = 10;
const MINUTE_MS = 60_000;
const FLUSH_MS = 5000;

/** The refusal of a signed-in caller. */
export interface Denied {
  principal: CallingPrincipal;
  entered: EnteredTenant;
  request: RequestContext;
  resource: { type: string; id: string | null };
  /** The permission that was missing, or the code of the answer, or both. */
  reason: { permission?: string | undefined; code?: string };
}

/**
 * Refusals of signed-in callers, on record (spec A1) and within bounds (docs/adr/0057): the first ones of a minute each by itself,
 * the rest in one record that says how many they were.
 */
export interface Denials {
  /** In a transaction of its own, or in `tx`: one that is not rolled back with the refused act. */
  record(denied: Denied, tx?: TenantTx): Promise<void>;
  /** Writes what was counted in minutes that are over; the job calls it every few seconds, tests by hand. */
  flush(): Promise<void>;
  /** Writes everything that was counted. */
  close(): Promise<void>;
}

interface Counted {
  minute: number;
  recorded: number;
  rest: { count: number; since: Date; until: Date; last: Denied; sameResource: boolean } | undefined;
}

export function createDenials(deps: {
  doors: Doors;
  audit: Audit;
  clock: Clock;
  onError(error: unknown): void;
}): Denials {
  const { doors, audit, clock } = deps;
  const counted = new Map<string, Counted>();
  /** Of minutes that are over. */
  let over: Counted[] = [];
  let flushing = Promise.resolve();

  const countedIn = (denied: Denied, now: Date): Counted => {
    const key = keyOf(denied);
    const minute = Math.floor(now.getTime() / MINUTE_MS);
    const known = counted.get(key);
    if (known?.minute === minute) return known;
    if (known) over.push(known);
    const fresh: Counted = { minute, recorded: 0, rest: undefined };
    counted.set(key, fresh);
    return fresh;
  };

  const writeOver = async () => {
    const batch = over;
    over = [];
    for (const [at, one] of batch.entries()) {
      const { rest } = one;
      if (rest === undefined) continue;
      try {
        await doors.withTenant(rest.last.entered, (tx) => writeRest(audit, tx, rest));
      } catch (error) {
        deps.onError(error);
        // What was refused stays counted: it is written when the database is back.
        if (error instanceof DatabaseUnavailable) {
          over = [...batch.slice(at), ...over];
          return;
        }
      }
    }
  };
  const flush = (until: number) => {
    for (const [key, one] of counted) {
      if (one.minute >= until) continue;
      counted.delete(key);
      over.push(one);
    }
    flushing = flushing.then(writeOver);
    return flushing;
  };
  const flushPast = () => flush(Math.floor(clock.now().getTime() / MINUTE_MS));
  const timer = setInterval(() => void flushPast(), FLUSH_MS);
  timer.unref();

  return {
    async record(denied, tx) {
      const now = clock.now();
      const of = countedIn(denied, now);
      if (of.recorded < EACH_BY_ITSELF) {
        of.recorded += 1;
        const write = (within: TenantTx) => writeOne(audit, within, denied);
        await (tx === undefined ? doors.withTenant(denied.entered, write) : write(tx));
        return;
      }
      of.rest = {
        count: (of.rest?.count ?? 0) + 1,
        since: of.rest?.since ?? now,
        until: now,
        last: denied,
        sameResource: of.rest === undefined || (of.rest.sameResource && isSameResource(of.rest.last, denied)),
      };
    },
    flush: flushPast,
    async close() {
      clearInterval(timer);
      await flush(Number.POSITIVE_INFINITY);
    },
  };
}

const keyOf = ({ principal, entered, reason }: Denied) =>
  JSON.stringify([entered.tenantId, principal.principalId, reason.permission ?? '', reason.code ?? '']);

const isSameResource = (a: Denied, b: Denied) =>
  a.resource.type === b.resource.type && a.resource.id === b.resource.id;

const writeOne = (audit: Audit, tx: TenantTx, { principal, request, resource, reason }: Denied) =>
  audit.record(tx, {
    action: 'authorization_denied',
    actor: actorOf(principal),
    resource,
    after: { ...reason },
    request,
  });

const writeRest = (audit: Audit, tx: TenantTx, rest: NonNullable<Counted['rest']>) =>
  audit.record(tx, {
    action: 'authorization_denied',
    actor: actorOf(rest.last.principal),
    resource: { type: rest.last.resource.type, id: rest.sameResource ? rest.last.resource.id : null },
    after: {
      ...rest.last.reason,
      count: rest.count,
      since: rest.since.toISOString(),
      until: rest.until.toISOString(),
    },
    request: rest.last.request,
  });
