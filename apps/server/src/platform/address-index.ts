import type { BlindIndex } from './crypto/index.ts';
import { emailKey } from './email.ts';

/**
 * By what mail and links of an address are found again, to be forgotten with the person (features/personal-data): a keyed hash,
 * since what they say is sealed.
 */
export const addressIndex = (blindIndex: BlindIndex, email: string): Buffer =>
  blindIndex.of('address', emailKey(email));
