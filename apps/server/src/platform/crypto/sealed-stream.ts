import { createCipheriv, createDecipheriv, createHash, type DecipherGCM } from 'node:crypto';
import { SealError } from './seal.ts';

/** The sealed stream ends before its last piece. */
export class SealedStreamCut extends Error {}

const PIECE = 1 << 18;
const LONGEST = PIECE + 16;
const LAST = 1;

/**
 * Seals a stream in pieces (AES-256-GCM). The key must be the stream's own: the nonce of a piece is its number. Each says whether
 * it is the last, under its tag, so that no piece can be changed, moved, left out or added, and no end be cut off unseen.
 *
 * @param bound what the stream belongs to: authenticated with every piece
 */
export async function* sealStream(
  key: Buffer,
  bound: string,
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const frame = framing(bound);
  let number = 0;
  const seal = (plain: Buffer, flag: number) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flag);
    head.writeUInt32BE(plain.length + 16, 1);
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number)).setAAD(frame(head));
    number += 1;
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes <= PIECE) continue;
    let whole = Buffer.concat(waiting);
    for (; whole.length > PIECE; whole = whole.subarray(PIECE)) yield seal(whole.subarray(0, PIECE), 0);
    [waiting, bytes] = [[whole], whole.length];
  }
  yield seal(Buffer.concat(waiting), LAST);
}

/**
 * @throws {SealError} where a piece was altered, or is of another stream
 * @throws {SealedStreamCut} where the end is missing
 */
export async function* openStream(
  key: Buffer,
  bound: string,
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const frame = framing(bound);
  let at: Buffer = Buffer.alloc(0);
  let ended = false;
  let number = 0;
  for await (const piece of pieces) {
    if (ended) throw new SealError('something follows the last piece');
    at = at.length === 0 ? piece : Buffer.concat([at, piece]);
    while (at.length >= 5) {
      const length = at.readUInt32BE(1);
      if (length < 16 || length > LONGEST) throw new SealError(`piece ${number} has no length of one`);
      if (at.length < 5 + length) break;
      if (ended) throw new SealError('something follows the last piece');
      const [head, body] = [at.subarray(0, 5), at.subarray(5, 5 + length)];
      at = at.subarray(5 + length);
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: 16 })
        .setAAD(frame(head))
        .setAuthTag(body.subarray(-16));
      yield opened(decipher, body, number);
      ended = head[0] === LAST;
      number += 1;
    }
    if (ended && at.length > 0) throw new SealError('something follows the last piece');
  }
  if (!ended) throw new SealedStreamCut(`it ends after ${number} pieces, none of them the last`);
}

function opened(decipher: DecipherGCM, body: Buffer, number: number): Buffer {
  try {
    return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
  } catch (cause) {
    throw new SealError(`piece ${number} was altered`, { cause });
  }
}

const nonceOf = (number: number) => {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
};

const framing = (bound: string) => {
  const of = createHash('sha256').update(bound).digest();
  return (head: Buffer) => Buffer.concat([of, head]);
};
