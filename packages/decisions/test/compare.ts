import { compileModel, decide, remember } from '../src/index.ts';
import { randomBundle, randomFrom, randomRequest } from './random-cases.ts';

/** What a comparison saw. */
export interface Comparison {
  readonly cases: number;
  /** How many of them were permitted: a comparison of nothing but denials would prove nothing. */
  readonly permitted: number;
  /** The first case on which the two disagree, to be looked at. */
  readonly difference?: string;
}

/** Asks an engine that remembers, and one that was made anew and has no memory, the same random questions. */
export function compareRemembered(cases: number, seed: number): Comparison {
  const random = randomFrom(seed);
  let permitted = 0;
  for (let asked = 0; asked < cases; ) {
    const bundle = randomBundle(random);
    // Smaller than the number of questions, so that answers are forgotten too; the questions come twice, in another order.
    const remembering = remember(compileModel(bundle), 300);
    const fresh = compileModel(bundle);
    const pool = Array.from({ length: 250 }, () => randomRequest(random));
    for (let turn = 0; turn < 1000 && asked < cases; turn++, asked++) {
      const request = pool[Math.floor(random() * pool.length)] ?? randomRequest(random);
      const remembered = remembering(request);
      const plain = decide(fresh, request);
      if (plain.decision) permitted++;
      if (JSON.stringify(remembered) !== JSON.stringify(plain))
        return {
          cases: asked,
          permitted,
          difference: JSON.stringify({ bundle, request, remembered, plain }),
        };
    }
  }
  return { cases, permitted };
}
