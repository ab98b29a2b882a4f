import type { Revocation } from '@gatehouse/contracts';
import type { Claims } from './json-part.ts';

/**
 * What has ended, by the claims that it ended for: a token is refused when it carries all claims of one match and was issued before
 * (docs/guides/following-revocations.md). A look costs as many map look-ups as there are kinds of matches, however many entries there are.
 */
export class Revoked {
  /** Names of claims → their values → the time before which such a token must not have been issued. */
  readonly #shapes = new Map<string, { names: readonly string[]; before: Map<string, number> }>();
  /** Counts what came in, so that whoever looked before knows whether to look again. */
  revision = 0;

  add({ matches, issuedBefore }: Pick<Revocation, 'matches' | 'issuedBefore'>): void {
    for (const match of matches) {
      const names = Object.keys(match).toSorted();
      const key = names.join(' ');
      const shape = this.#shapes.get(key) ?? { names, before: new Map<string, number>() };
      this.#shapes.set(key, shape);
      const value = valueOf(match, names);
      if ((shape.before.get(value) ?? Number.NEGATIVE_INFINITY) < issuedBefore) {
        shape.before.set(value, issuedBefore);
        this.revision += 1;
      }
    }
  }

  /** Whether a token with these claims has ended. */
  ends(claims: Claims): boolean {
    const issuedAt = Number(claims.iat);
    for (const { names, before } of this.#shapes.values()) {
      const issuedBefore = before.get(valueOf(claims, names));
      // SECURITY: not "iat < before": an iat that is no number must not count as a late one.
      if (issuedBefore !== undefined && !(issuedAt >= issuedBefore)) return true;
    }
    return false;
  }

  /** Drops what ended only tokens that have expired since. */
  forgetBefore(seconds: number): void {
    for (const { before } of this.#shapes.values())
      for (const [value, issuedBefore] of before) if (issuedBefore < seconds) before.delete(value);
  }

  clear(): void {
    this.#shapes.clear();
    this.revision += 1;
  }

  get size(): number {
    return [...this.#shapes.values()].reduce((sum, { before }) => sum + before.size, 0);
  }
}

/** The values of these claims as one text; JSON, so that none can be taken for two. */
function valueOf(claims: Claims, names: readonly string[]): string {
  const [first, second] = names;
  if (first !== undefined && second === undefined) {
    const value = claims[first];
    return typeof value === 'string' ? value : `\n${JSON.stringify(value)}`;
  }
  return JSON.stringify(names.map((name) => claims[name]));
}
