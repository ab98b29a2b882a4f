import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/** The pixels of the file that this thread was given, as a new PNG. */
export interface RedrawAnswer {
  png: Uint8Array;
  width: number;
  height: number;
}

/** What browsers hand pixels over in; Node has none. */
class Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}
Object.assign(globalThis, { ImageData: Pixels });

// The package's own types are made of the browser's, which do not compile in the server.
const load = createRequire(import.meta.url);
const decoder = load('@jsquash/png/decode.js') as {
  /** Of both: they share it. */
  init(codec: Uint8Array): Promise<unknown>;
  decode(file: ArrayBufferLike): Promise<Pixels>;
};
const encoder = load('@jsquash/png/encode.js') as { default(pixels: Pixels): Promise<ArrayBuffer> };
await decoder.init(readFileSync(load.resolve('@jsquash/png/codec/pkg/squoosh_png_bg.wasm')));
const pixels = await decoder.decode(new Uint8Array(workerData as Uint8Array).buffer);
const png = new Uint8Array(await encoder.default(pixels));
const answer: RedrawAnswer = { png, width: pixels.width, height: pixels.height };
parentPort?.postMessage(answer, [png.buffer]);
