import { setTimeout as delay } from 'node:timers/promises';
import type { SealedColumn } from '../../platform/crypto/index.ts';
import { followMasterKey, sealUnderMasterKey } from '../../platform/installation/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import {
  claimSealed,
  countElsewhere,
  listOpenTransactions,
  listSealedColumns,
  writeSealed,
} from './reseal.repo.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';
import { Told } from '../../platform/told.ts';

/** It cannot go on now; the message says what to do. */
export class MasterRotationError extends Told {}

type ResealDeps = Pick<Deps, 'doors' | 'sealer' | 'clock' | 'audit'>;

/** Rows in one transaction: some milliseconds of work, in which whoever writes to one of them waits. */
const BATCH = 500;
/** Processes look once a second under which key they seal. */
const FOLLOWED_AFTER_MS = 3000;
const ENDED_WITHIN_MS = 60_000;

export interface MasterRotation {
  keyId: string;
  /** Since when everything new is sealed under it. */
  since: Date;
  resealed: number;
  /** What is still sealed under another key. Empty: that key opens nothing any more. */
  left: { table: string; column: string; count: number }[];
}

/**
 * Brings the database under the key of GATEHOUSE_MASTER_KEY while processes that have both keys serve it (spec D6, M7).
 *
 * From the first transaction on everything new is sealed under the new key; then all that is there is sealed again, in batches.
 * Each value names its key, so that there is no other state: killed at any point, it goes on where it was.
 */
export async function rotateMasterKey(
  deps: ResealDeps,
  say: (line: string) => void,
): Promise<MasterRotation> {
  const { doors, sealer, clock } = deps;
  const keyId = sealer.keyIds[0] as string;
  const { since, before } = await doors.asSystem('change master key', async (tx) => {
    const begun = await sealUnderMasterKey(tx, sealer, keyId, clock.now());
    if (begun.before !== undefined)
      await record(deps, tx, 'master_key_rotation_started', { keyId, before: begun.before });
    return begun;
  });
  say(
    before === undefined
      ? `Everything new is sealed under ${keyId} already; going on with what is left.`
      : `Everything new is sealed under ${keyId} from now on, no longer under ${before}.`,
  );
  await delay(Math.max(0, since.getTime() + FOLLOWED_AFTER_MS - clock.now().getTime()));
  await untilEnded(deps);
  let resealed = 0;
  for (;;) {
    const round = await resealAll(deps, keyId, say);
    resealed += round.resealed;
    const left = await countLeft(deps, keyId);
    const total = left.reduce((sum, { count }) => sum + count, 0);
    // What nobody could open stays; what somebody held a moment ago is there in the next round.
    if (total <= round.unopened || left.every(({ table, column }) => !isKnown(table, column))) {
      if (left.length === 0 && resealed > 0)
        await doors.asSystem('master key rotated', (tx) =>
          record(deps, tx, 'master_key_rotated', { keyId, resealed }),
        );
      return { keyId, since, resealed, left };
    }
    await delay(200);
  }
}

const isKnown = (table: string, column: string) =>
  SEALED_COLUMNS.some((of) => of.table === table && of.column === column);

async function resealAll(
  deps: ResealDeps,
  keyId: string,
  say: (line: string) => void,
): Promise<{ resealed: number; unopened: number }> {
  const sum = { resealed: 0, unopened: 0 };
  for (const of of SEALED_COLUMNS) {
    const total = await deps.doors.asSystem('count sealed', (tx) => countElsewhere(tx, of, keyId));
    if (total === 0) continue;
    let done = 0;
    let toldAt = performance.now();
    let after: readonly string[] | undefined;
    do {
      const batch = await resealBatch(deps, of, keyId, after);
      after = batch.last;
      done += batch.resealed;
      sum.unopened += batch.unopened;
      if (performance.now() - toldAt > 1000 && after !== undefined) {
        toldAt = performance.now();
        say(`${of.table}: ${done} of ${total}`);
      }
    } while (after !== undefined);
    say(`${of.table}: ${done} of ${total} sealed again (${of.column})`);
    sum.resealed += done;
  }
  return sum;
}

function resealBatch(
  deps: ResealDeps,
  of: SealedColumn,
  keyId: string,
  after: readonly string[] | undefined,
) {
  const { doors, sealer } = deps;
  return doors.asSystem('seal again', async (tx) => {
    const rows = await claimSealed(tx, of, keyId, after, BATCH);
    const keyOf = (row: Record<string, string>) => Object.keys(of.key).map((name) => String(row[name]));
    const opened = rows.flatMap((row) => {
      try {
        const context = of.context(row);
        return [{ key: keyOf(row), sealed: sealer.seal(sealer.open(row.sealed, context), context) }];
      } catch {
        // Counted, and told at the end: one value that nobody can open must not keep the others.
        return [];
      }
    });
    if (opened.length > 0) await writeSealed(tx, of, opened);
    const last = rows.at(-1);
    return {
      resealed: opened.length,
      unopened: rows.length - opened.length,
      last: last === undefined || rows.length < BATCH ? undefined : keyOf(last),
    };
  });
}

/** SECURITY: a transaction that began under the previous key may commit what nobody has counted. */
async function untilEnded({ doors }: ResealDeps): Promise<void> {
  const list = () => doors.asSystem('wait for transactions', listOpenTransactions);
  let open = await list();
  for (const giveUp = performance.now() + ENDED_WITHIN_MS; open.length > 0; await delay(100)) {
    if (performance.now() > giveUp)
      throw new MasterRotationError(
        'A transaction of the service has been open in this database for a minute. End it, and run this again: it goes on where it was.',
      );
    const now = new Set(await list());
    open = open.filter((id) => now.has(id));
  }
}

async function countLeft({ doors, sealer }: ResealDeps, keyId: string): Promise<MasterRotation['left']> {
  await followMasterKey(doors, sealer);
  if (sealer.keyId !== keyId)
    throw new MasterRotationError(
      'Somebody rotates to another master key at the same time. One of the two has to end.',
    );
  const columns = await doors.asSystem('sealed columns', listSealedColumns);
  const left: MasterRotation['left'] = [];
  for (const of of columns) {
    const count = await doors.asSystem('count sealed', (tx) => countElsewhere(tx, of, keyId));
    if (count > 0) left.push({ ...of, count });
  }
  return left;
}

const record = (
  deps: ResealDeps,
  tx: Parameters<Deps['audit']['recordAsSystem']>[0],
  action: 'master_key_rotation_started' | 'master_key_rotated',
  after: { keyId: string; before?: string; resealed?: number },
) =>
  deps.audit.recordAsSystem(tx, ROOT_TENANT, {
    action,
    actor: { kind: 'system' },
    resource: { type: 'master_key', id: after.keyId },
    after,
    request: undefined,
  });
