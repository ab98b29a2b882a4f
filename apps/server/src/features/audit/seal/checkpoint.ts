import { openNote } from '../../../platform/crypto/index.ts';

/** The size and root of a tenant's tree at one moment, as a signed note says it (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** `<issuer host>/audit/<tenant id>`: which tree this is. */
  origin: string;
  tenantId: string;
  size: number;
  root: Buffer;
  note: string;
}

export const originOf = (publicUrl: string, tenantId: string): string =>
  `${new URL(publicUrl).host}/audit/${tenantId}`;

/** The text that is signed. */
export const checkpointText = (origin: string, size: number, root: Buffer): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** What a note says whose signature by one of these keys holds; undefined for any other. */
export function openCheckpoint(note: string, publicKeys: readonly Buffer[]): Checkpoint | undefined {
  const origin = note.slice(0, Math.max(0, note.indexOf('\n')));
  const tenantId = /^[^\s/]+\/audit\/([0-9a-f-]{36})$/.exec(origin)?.[1];
  if (tenantId === undefined) return undefined;
  const text = openNote(note, origin, publicKeys);
  if (text === undefined) return undefined;
  const [, digits = '', encoded = ''] = text.split('\n');
  const [size, root] = [Number(digits), Buffer.from(encoded, 'base64')];
  // One spelling: what was read says the same when it is written again.
  if (!Number.isSafeInteger(size) || root.length !== 32 || checkpointText(origin, size, root) !== text)
    return undefined;
  return { origin, tenantId, size, root, note };
}
