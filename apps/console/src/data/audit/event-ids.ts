/** The ids of the events in each piece that arrives; an event without one is no record. */
export async function* eventIds(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let text = '';
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      text += piece.value;
      const end = text.lastIndexOf('\n\n');
      if (end < 0) continue;
      const whole = text.slice(0, end);
      text = text.slice(end + 2);
      yield whole.split('\n').flatMap((line) => (line.startsWith('id: ') ? [line.slice(4)] : []));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
