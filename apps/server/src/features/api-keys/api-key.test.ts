import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOfPresented, isApiKey, issueApiKey } from './api-key.ts';

describe('an API key', () => {
  it('is shown by its prefix and its last four characters, and found by the hash of the whole', () => {
    const { text, hash, shownAs } = issueApiKey('cf_prod_');
    expect(text).toMatch(/^cf_prod_[0-9A-Za-z]{38}$/);
    expect(shownAs).toBe(`cf_prod_…${text.slice(-4)}`);
    expect(hashOfPresented(text)).toEqual(hash);
    expect(isApiKey(text)).toBe(true);
  });

  it('has a checksum, by which one that is mistyped anywhere is known without a look-up', () => {
    const { text } = issueApiKey('cf_dev_');
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom('0', '1', '9', 'A', 'Z', 'a', 'z', '_'),
        (at, character) => {
          const altered = text.slice(0, at) + character + text.slice(at + 1);
          expect(hashOfPresented(altered) !== undefined).toBe(altered === text);
        },
      ),
    );
  });

  it('is never taken for an access token, nor one for it', () => {
    for (const token of ['a.b.c', `${issueApiKey('cf_dev_').text}.x.y`, '', 'cf_dev_', 'x'.repeat(10_000)])
      expect(isApiKey(token)).toBe(false);
  });
});
