import { Worker } from 'node:worker_threads';
import { Problem } from '../http/index.ts';
import type { TenantId } from '../ids.ts';
import type { RedrawAnswer } from './redraw-worker.ts';

/** A picture that this server has drawn itself. */
export interface Picture {
  png: Buffer;
  width: number;
  height: number;
}

export interface Images {
  /** Whether the head is that of a PNG of at most `MAX_SIDE` by `MAX_SIDE` pixels: all that can be told at no cost. */
  isPng(file: Buffer): boolean;
  /**
   * Reads a PNG and draws it anew: what comes out are its pixels and nothing else that was in the file.
   *
   * Undefined for whatever is not a PNG of at most `MAX_SIDE` by `MAX_SIDE` pixels, and for what cannot be read in time.
   *
   * @throws {Problem} `rate.limited` while another one of the tenant waits or is drawn, `service.unavailable` when too many wait
   */
  redraw(file: Buffer, tenantId: TenantId): Promise<Picture | undefined>;
}

interface Size {
  width: number;
  height: number;
}

/** Pictures of all tenants that wait for the one that is drawn. */
const MOST_WAITING = 8;
/** Seconds after which it is worth asking again. */
const RETRY_AFTER = 2;

const MAX_SIDE = 1024;
/** What comes out may be larger than what went in; noise does not compress. */
const MAX_BYTES = 524_288;
const TIMEOUT_MS = 10_000;
const SIGNATURE = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** Beside its source under the tests, beside the bundle in a build. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './redraw-worker.ts' : './redraw-worker.js',
  import.meta.url,
);

export function createImages(): Images {
  let before: Promise<unknown> = Promise.resolve();
  const present = new Set<TenantId>();
  const enter = (tenantId: TenantId) => {
    const retryAfter = RETRY_AFTER;
    // SECURITY: one tenant has one place. Else whoever sends pictures over and over makes all others wait behind theirs.
    if (present.has(tenantId))
      throw new Problem('rate.limited', { detail: 'Another picture is being drawn. Try again.', retryAfter });
    if (present.size > MOST_WAITING)
      throw new Problem('service.unavailable', { detail: 'Many pictures wait. Try again.', retryAfter });
    present.add(tenantId);
  };
  return {
    isPng: (file) => sizeOf(file) !== undefined,
    async redraw(file, tenantId) {
      const size = sizeOf(file);
      if (size === undefined) return undefined;
      enter(tenantId);
      // One at a time: pictures are large once they are unpacked, and nobody waits for one as for a sign-in.
      const drawn = before.then(() => redraw(file, size)).finally(() => present.delete(tenantId));
      before = drawn.catch(() => undefined);
      return drawn;
    },
  };
}

/** SECURITY: read before anything is unpacked: a few hundred bytes can claim gigabytes of pixels. */
function sizeOf(file: Buffer): Size | undefined {
  if (!file.subarray(0, SIGNATURE.length).equals(SIGNATURE) || file.length < 45) return undefined;
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  return width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE ? undefined : { width, height };
}

async function redraw(file: Buffer, { width, height }: Size): Promise<Picture | undefined> {
  const answer = await inThread(file);
  if (answer === undefined || answer.width !== width || answer.height !== height) return undefined;
  if (answer.png.length > MAX_BYTES) return undefined;
  return { png: Buffer.from(answer.png), width, height };
}

/**
 * SECURITY: a stranger's file is read by a memory-safe decoder (Rust, in WebAssembly) in a thread of its own, with an end to its
 * memory and its time; whatever goes wrong there ends the thread and nothing else.
 */
function inThread(file: Buffer): Promise<RedrawAnswer | undefined> {
  const worker = new Worker(workerUrl, {
    workerData: file,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
  });
  return new Promise<RedrawAnswer | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), TIMEOUT_MS);
    worker.once('message', (answer: RedrawAnswer) => resolve(answer));
    worker.once('error', () => resolve(undefined));
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  }).finally(() => void worker.terminate());
}
