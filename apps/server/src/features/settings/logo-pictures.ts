import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import { findLogo } from './logo.repo.ts';

/** The bytes of logos by their digests, for everybody. */
export interface LogoPictures {
  find(digest: string): Promise<Buffer | undefined>;
  forget(): void;
}

/** Milliseconds; the logo of a tenant that is suspended or takes it away may be shown for as long. */
const REMEMBERED_MS = 1000;
/** Bytes of all that is remembered: some sixty of the largest. */
const MOST_BYTES = 32 * 1_048_576;

/**
 * SECURITY: anybody may ask, and each picture is half a megabyte to be read: a flood costs the database one reading of each picture
 * in a second.
 */
export function createLogoPictures({ doors }: { doors: Doors }): LogoPictures {
  const known = new LRUCache<string, Buffer>({
    maxSize: MOST_BYTES,
    sizeCalculation: (image) => image.length,
    ttl: REMEMBERED_MS,
  });
  let loading = new Map<string, Promise<Buffer | undefined>>();
  const load = async (digest: string): Promise<Buffer | undefined> => {
    const among = loading;
    try {
      const image = await findLogo(doors, Buffer.from(digest, 'hex'));
      // What was read before a change answers those who waited for it and nobody else.
      if (image && among === loading) known.set(digest, image);
      return image;
    } finally {
      among.delete(digest);
    }
  };
  return {
    async find(digest) {
      const found = known.get(digest) ?? loading.get(digest);
      if (found !== undefined) return found;
      const loaded = load(digest);
      loading.set(digest, loaded);
      return loaded;
    },
    forget() {
      known.clear();
      loading = new Map();
    },
  };
}
