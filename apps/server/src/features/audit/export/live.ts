import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { EnteredTenant } from '../../../platform/access/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import { loadRetention } from '../retention/retention.repo.ts';
import { judgeRecords } from '../seal/seal-state.ts';
import { listSealsFrom, loadTree } from '../seal/tree.repo.ts';
import { describeRecord, openPersonal, readKeysAhead } from '../search.ts';
import type { ExportDeps } from './export.ts';
import { ocsfEvent } from './ocsf.ts';
import { lineOf, loadSealed } from './record-lines.ts';
import { syslogLine } from './syslog.ts';

export const LIVE_FORMATS = ['json', 'ocsf', 'syslog'] as const;
export type LiveFormat = (typeof LIVE_FORMATS)[number];

const TICK_MS = 1000;
const HEARTBEAT_TICKS = 15;
const AT_ONCE = 200;

/**
 * Records as they are sealed, as server-sent events (WHATWG HTML §9.2). The id of an event is the record's number, which
 * has no gaps: whoever comes back with `Last-Event-ID` gets everything since, once.
 *
 * SECURITY: the caller is judged anew at every look: the feed ends within a second of the session, the permission or the
 * access token.
 */
export async function* liveEvents(
  deps: ExportDeps,
  options: {
    entered: EnteredTenant;
    /** The first number to tell of; undefined for what is sealed from now on. */
    from: number | undefined;
    format: LiveFormat;
    judgeAgain(): Promise<void>;
    signal: AbortSignal;
  },
): AsyncGenerator<string> {
  const { entered, format, signal } = options;
  let next = await firstOf(deps, entered, options.from);
  yield 'retry: 2000\n\n';
  for (let quiet = 0; !signal.aborted; ) {
    try {
      await options.judgeAgain();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      yield eventOf('end', undefined, JSON.stringify({ code: error.code }));
      return;
    }
    const events = await eventsFrom(deps, entered, next, format);
    next += events.length;
    if (events.length > 0) yield events.join('');
    quiet = events.length > 0 ? 0 : quiet + 1;
    if (quiet >= HEARTBEAT_TICKS) {
      yield ': still here\n\n';
      quiet = 0;
    }
    if (events.length < AT_ONCE) await delay(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** @throws {Problem} `request.invalid` for a number that does not exist yet: it comes from another database. */
async function firstOf(deps: ExportDeps, entered: EnteredTenant, from: number | undefined): Promise<number> {
  const tree = await deps.doors.withTenant(entered, loadTree);
  const size = Number(tree?.checkpoint.split('\n')[1] ?? 0);
  if (from !== undefined && from > size)
    throw new Problem('request.invalid', {
      detail: `There are ${size} sealed records; nobody can have seen number ${from - 1}. Begin anew, without Last-Event-ID.`,
    });
  const { removedBelow } = await deps.doors.withTenant(entered, loadRetention);
  return Math.max(from ?? size, removedBelow);
}

function eventsFrom(
  deps: ExportDeps,
  entered: EnteredTenant,
  from: number,
  format: LiveFormat,
): Promise<string[]> {
  return deps.doors.withTenant(entered, async (tx) => {
    const seals = await listSealsFrom(tx, from, from + AT_ONCE);
    const rows = await loadSealed(tx, seals);
    await readKeysAhead(tx, deps.subjectKeys, [...rows.values()]);
    const judged = await judgeRecords(tx, deps.auditKeys, [...rows.values()]);
    const events: string[] = [];
    for (const seal of seals) {
      const row = rows.get(seal.recordId);
      const line = await lineOf(tx, deps.subjectKeys, seal, row);
      if (line.kind === 'missing' || row === undefined) {
        events.push(eventOf('missing', seal.seq, JSON.stringify({ seq: seal.seq, id: seal.recordId })));
        continue;
      }
      const { publicUrl } = deps.config;
      const state = judged.get(row.id)?.seal ?? { state: 'pending', seq: null, hash: null };
      const data = {
        json: async () =>
          JSON.stringify(describeRecord(row, await openPersonal(tx, deps.subjectKeys, row), state)),
        ocsf: async () => JSON.stringify(ocsfEvent(line, publicUrl)),
        syslog: async () => syslogLine(line, publicUrl),
      }[format];
      events.push(eventOf('record', seal.seq, await data()));
    }
    return events;
  });
}

const eventOf = (event: string, id: number | undefined, data: string) =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;

/** Whoever opens feeds without end would hold a connection and a look each second for each of them. */
export function createFeedLimit(most: { all: number; tenant: number }) {
  const open = new Map<string, number>();
  let all = 0;
  return {
    /** @throws {Problem} `rate.limited` */
    enter(tenantId: string): void {
      const own = open.get(tenantId) ?? 0;
      if (all >= most.all || own >= most.tenant)
        throw new Problem('rate.limited', {
          detail: 'Too many live feeds are open; close one.',
          retryAfter: 30,
        });
      open.set(tenantId, own + 1);
      all += 1;
    },
    leave(tenantId: string): void {
      const own = (open.get(tenantId) ?? 1) - 1;
      if (own > 0) open.set(tenantId, own);
      else open.delete(tenantId);
      all -= 1;
    },
  };
}

/** The number after the one that `Last-Event-ID` names. */
export function resumedFrom(request: FastifyRequest): number | undefined {
  const id = request.headers['last-event-id'];
  if (id === undefined || id === '') return undefined;
  if (typeof id !== 'string' || !/^\d{1,15}$/.test(id))
    throw new Problem('request.invalid', {
      detail: 'Last-Event-ID must be the id of an event of this feed.',
    });
  return Number(id) + 1;
}
