import { describe, expect, it } from 'vitest';
import { eventIds } from './event-ids.ts';

/** A stream in pieces of this many bytes, however that cuts its lines. */
function streamOf(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
}

describe('the events of a feed', () => {
  const text =
    'retry: 2000\n\nevent: record\nid: 7\ndata: {"name":"Ä"}\n\n: still here\n\nevent: record\nid: 8\ndata: {}\n\nevent: end\ndata: {}\n\nevent: record\nid: 9';

  it.each([1, 2, 3, 7, 50, 1000])(
    'are read whole in pieces of %i bytes, and one that breaks off is not one',
    async (size) => {
      const ids: string[] = [];
      for await (const found of eventIds(streamOf(text, size))) ids.push(...found);
      expect(ids).toEqual(['7', '8']);
    },
  );
});
