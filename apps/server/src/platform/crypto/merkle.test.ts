import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaf,
  type CompactRange,
  consistencyRanges,
  foldRight,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  parentHash,
  perfectNodes,
  rootOf,
} from './merkle.ts';

/** RFC 9162 §2.1, word for word and slowly. */
const sha = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const naiveLeaf = (entry: Buffer) => sha(Buffer.from([0]), entry);
function naiveRoot(entries: Buffer[]): Buffer {
  const [only] = entries;
  if (only === undefined) return sha();
  if (entries.length === 1) return naiveLeaf(only);
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha(Buffer.from([1]), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)));
}

function grow(entries: Buffer[]): CompactRange {
  const range: CompactRange = { size: 0, hashes: [] };
  for (const entry of entries) appendLeaf(range, leafHash(entry));
  return range;
}
/** The hash of a range, out of the perfect subtrees in it. */
const hashOf = (entries: Buffer[], [from, to]: readonly [number, number]) =>
  foldRight(
    perfectNodes(from, to).map(({ level, index }) =>
      naiveRoot(entries.slice(index * 2 ** level, (index + 1) * 2 ** level)),
    ),
  );
const inclusion = (entries: Buffer[], index: number) =>
  inclusionRanges(index, entries.length).map((range) => hashOf(entries, range));
const consistency = (entries: Buffer[], oldSize: number) =>
  consistencyRanges(oldSize, entries.length).map((range) => hashOf(entries, range));

const entriesOf = (most: number) =>
  fc.array(
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    {
      minLength: 1,
      maxLength: most,
    },
  );

describe('the Merkle tree', () => {
  it('has the roots that the reference implementation of certificate transparency has', () => {
    const entries = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    for (const [size, root] of roots.entries()) {
      const some = entries.slice(0, size).map((hex) => Buffer.from(hex, 'hex'));
      expect(rootOf(grow(some)).toString('hex'), `${size} leaves`).toBe(root);
    }
  });

  it('has the paths of the example in RFC 9162 §2.1.5', () => {
    const d = [0, 1, 2, 3, 4, 5, 6].map((n) => Buffer.from([n]));
    const [a, b, c, dd, e, f, j] = d.map((entry) => leafHash(entry)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const [g, h, i] = [parentHash(a, b), parentHash(c, dd), parentHash(e, f)];
    const [k, l] = [parentHash(g, h), parentHash(i, j)];
    expect(rootOf(grow(d))).toEqual(parentHash(k, l));
    expect(inclusion(d, 0)).toEqual([b, h, l]);
    expect(inclusion(d, 3)).toEqual([c, g, l]);
    expect(inclusion(d, 4)).toEqual([f, j, k]);
    expect(inclusion(d, 6)).toEqual([i, k]);
    expect(consistency(d, 3)).toEqual([c, dd, g, l]);
    expect(consistency(d, 4)).toEqual([l]);
    expect(consistency(d, 6)).toEqual([i, j, k]);
  });

  it('is, grown leaf by leaf, the tree that the definition makes of all leaves', () => {
    fc.assert(
      fc.property(entriesOf(130), (entries) => {
        expect(rootOf(grow(entries))).toEqual(naiveRoot(entries));
      }),
    );
  });

  it('tells of every perfect subtree as it is completed, once, with its hash', () => {
    fc.assert(
      fc.property(entriesOf(70), (entries) => {
        const range: CompactRange = { size: 0, hashes: [] };
        const made = new Map<string, Buffer>();
        for (const entry of entries)
          appendLeaf(range, leafHash(entry), ({ level, index }, hash) => {
            expect(made.has(`${level} ${index}`)).toBe(false);
            made.set(`${level} ${index}`, hash);
          });
        for (let level = 0; 2 ** level <= entries.length; level += 1)
          for (let index = 0; (index + 1) * 2 ** level <= entries.length; index += 1)
            expect(made.get(`${level} ${index}`)).toEqual(
              naiveRoot(entries.slice(index * 2 ** level, (index + 1) * 2 ** level)),
            );
      }),
    );
  });

  it('proves each leaf, and no other leaf, place, size or root by the same proof', () => {
    fc.assert(
      fc.property(entriesOf(70), fc.nat(), fc.nat(), (entries, pick, other) => {
        const size = entries.length;
        const index = pick % size;
        const root = naiveRoot(entries);
        const leaf = leafHash(entries[index] as Buffer);
        const proof = inclusion(entries, index);
        expect(isIncluded({ index, size, leaf, proof, root })).toBe(true);
        const wrong = sha(Buffer.from('wrong'));
        expect(isIncluded({ index, size, leaf: wrong, proof, root })).toBe(false);
        expect(isIncluded({ index, size, leaf, proof, root: wrong })).toBe(false);
        expect(isIncluded({ index, size, leaf, proof: [...proof, wrong], root })).toBe(false);
        expect(isIncluded({ index: size, size, leaf, proof, root })).toBe(false);
        if (proof.length === 0) return;
        const at = other % proof.length;
        expect(isIncluded({ index, size, leaf, proof: proof.toSpliced(at, 1), root })).toBe(false);
        expect(isIncluded({ index, size, leaf, proof: proof.with(at, wrong), root })).toBe(false);
      }),
    );
  });

  it('proves that it began as each of its earlier trees, and as no other', () => {
    fc.assert(
      fc.property(entriesOf(70), fc.nat(), fc.nat(), (entries, pick, other) => {
        const size = entries.length;
        const oldSize = (pick % size) + 1;
        const [root, oldRoot] = [naiveRoot(entries), naiveRoot(entries.slice(0, oldSize))];
        const proof = consistency(entries, oldSize);
        expect(isConsistent({ oldSize, oldRoot, size, root, proof })).toBe(true);
        const wrong = sha(Buffer.from('wrong'));
        expect(isConsistent({ oldSize, oldRoot: wrong, size, root, proof })).toBe(false);
        expect(isConsistent({ oldSize, oldRoot, size, root: wrong, proof })).toBe(false);
        expect(isConsistent({ oldSize: size + 1, oldRoot, size, root, proof })).toBe(false);
        expect(isConsistent({ oldSize, oldRoot, size, root, proof: [...proof, wrong] })).toBe(false);
        if (proof.length === 0) return;
        const at = other % proof.length;
        expect(isConsistent({ oldSize, oldRoot, size, root, proof: proof.with(at, wrong) })).toBe(false);
        expect(isConsistent({ oldSize, oldRoot, size, root, proof: proof.toSpliced(at, 1) })).toBe(false);
      }),
    );
  });

  it('divides any range into perfect subtrees, each beginning where the one before ended', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.nat(5000), (from, width) => {
        let at = from;
        for (const { level, index } of perfectNodes(from, from + width)) {
          expect(index * 2 ** level).toBe(at);
          at += 2 ** level;
        }
        expect(at).toBe(from + width);
      }),
    );
  });
});
