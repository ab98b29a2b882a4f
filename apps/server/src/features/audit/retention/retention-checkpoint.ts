import { openNote } from '../../../platform/crypto/index.ts';

/** What a signed note says of records that are gone by retention: how many, the root of the tree of them, and how old they were. */
export interface RetentionCheckpoint {
  tenantId: string;
  size: number;
  root: Buffer;
  /** Each of them happened before. */
  before: string;
  note: string;
}

/**
 * SECURITY: another origin than that of a checkpoint, so that neither is ever taken for the other: a checkpoint says that records
 * are there, this one that they are gone.
 */
export const retentionOrigin = (origin: string): string => `${origin}/retention`;

/** The text that is signed: a checkpoint (C2SP tlog-checkpoint) of the tree as far as it is gone, and one more line. */
export const retentionText = (origin: string, size: number, root: Buffer, before: string): string =>
  `${retentionOrigin(origin)}\n${size}\n${root.toString('base64')}\nbefore ${before}\n`;

/** What a note says whose signature by one of these keys holds; undefined for any other. */
export function openRetentionCheckpoint(
  note: string,
  publicKeys: readonly Buffer[],
): RetentionCheckpoint | undefined {
  const signed = note.slice(0, Math.max(0, note.indexOf('\n')));
  const [, origin, tenantId] = /^([^\s/]+\/audit\/([0-9a-f-]{36}))\/retention$/.exec(signed) ?? [];
  if (origin === undefined || tenantId === undefined) return undefined;
  const text = openNote(note, signed, publicKeys);
  if (text === undefined) return undefined;
  const [, digits = '', encoded = '', last = ''] = text.split('\n');
  const [size, root] = [Number(digits), Buffer.from(encoded, 'base64')];
  const before = last.slice('before '.length);
  // One spelling: what was read says the same when it is written again.
  if (!Number.isSafeInteger(size) || size < 1 || root.length !== 32) return undefined;
  if (retentionText(origin, size, root, before) !== text) return undefined;
  return { tenantId, size, root, before, note };
}
