import { Worker } from 'node:worker_threads';
import type { RedrawAnswer } from './redraw-worker.ts';

/** A picture that this server has drawn itself. */
export interface Picture {
  png: Buffer;
  width: number;
  height: number;
}

export interface Images {
  /**
   * Reads a PNG and draws it anew: what comes out are its pixels and nothing else that was in the file.
   *
   * Undefined for whatever is not a PNG of at most `MAX_SIDE` by `MAX_SIDE` pixels, and for what cannot be read in time.
   */
  redraw(file: Buffer): Promise<Picture | undefined>;
}

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
  return {
    redraw(file) {
      // One at a time: pictures are large once they are unpacked, and nobody waits for one as for a sign-in.
      const after = before.then(() => redraw(file));
      before = after.catch(() => undefined);
      return after;
    },
  };
}

async function redraw(file: Buffer): Promise<Picture | undefined> {
  // SECURITY: the size is read before anything is unpacked: a few hundred bytes can claim gigabytes of pixels.
  if (!file.subarray(0, SIGNATURE.length).equals(SIGNATURE) || file.length < 45) return undefined;
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return undefined;
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
