import type { Deps } from '../deps.ts';
import { PURPOSE, ripeAt } from './key-life.ts';
import { type KeyRow, listKeys } from './keys.repo.ts';

export interface ListedKey extends Omit<KeyRow, 'private_sealed'> {
  purpose: string;
  /** Under which key-encryption key it is sealed. */
  masterKeyId: string;
  /** From when it may sign. */
  ripeAt: Date;
}

/** Every signing key, for people: nothing that could not be published. */
export const listSigningKeys = (deps: Pick<Deps, 'doors'>): Promise<ListedKey[]> =>
  deps.doors.asSystem('list signing keys', async (tx) =>
    (await listKeys(tx, PURPOSE)).map(({ private_sealed: sealed, ...key }) => ({
      ...key,
      purpose: PURPOSE,
      masterKeyId: sealed.split('.')[1] ?? '',
      ripeAt: ripeAt(key),
    })),
  );
